//! Brief answers.

use crate::common::program::TestEnv;

#[test]
fn brief_answers_have_a_title_and_few_rows() {
    let test_env = TestEnv::with_delivery();
    let script = b".brief 1\n.run caller-identity\n.run ransom-notes\n.run coverage gaps=1\n\
                   SELECT 1 AS a UNION ALL SELECT 2;\nSELECT 1 AS a WHERE 0;\n.brief off\nSELECT 3 AS b;\n";
    let ran = test_env.pipe(&["--format", "table", "--quiet"], script).exits(0);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines[..2], ["", "Keys that asked who they are"], "{ran:?}");
    assert!(ran.out.contains("\n\nProtection of buckets and backups taken away: none\n\n"), "{ran:?}");
    assert!(lines.contains(&"What the case covers: account by account, hour by hour (gaps=1)"), "{ran:?}");
    assert!(ran.out.contains(" more: `.run coverage gaps=1`\n"), "{ran:?}");
    assert_eq!(lines[lines.len() - 8..], ["a", "─", "1", "and 1 more", "none", "b", "─", "3"], "{ran:?}");
    let ran = test_env.pipe(&["--format", "markdown", "--quiet"], script).exits(0);
    assert!(ran.out.starts_with("\n### Keys that asked who they are\n\n| "), "{ran:?}");
    assert!(ran.out.contains("\n\n- Protection of buckets and backups taken away: none\n"), "{ran:?}");
    assert!(ran.out.contains("| 1 |\n\nand 1 more\n\nnone\n"), "{ran:?}");
    // Programs get the whole answer, and nothing else.
    let csv = |script: &[u8]| test_env.pipe(&["--format", "csv", "--quiet"], script).exits(0).out;
    assert_eq!(csv(b".brief 1\n.run caller-identity\n"), csv(b".run caller-identity\n"));
    test_env.pipe(&[], b".brief few\n").fails(2, &["`few` is not a number of rows: write one, or `off`"]);
}
