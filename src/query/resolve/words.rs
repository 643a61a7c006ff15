//! Values of fields that have a few fixed ones, in the words that other tools have for them.

use crate::diagnostic::{Diagnostic, Span};
use crate::fields::{Field, fold};
use crate::query::resolve::names::did_you_mean;

/// Names of a success, a refusal and a failure in other tools.
const OUTCOMES: &[(&str, &[&str])] = &[
    (
        "ok",
        &[
            "success",
            "succeed",
            "succeeded",
            "successful",
            "pass",
            "passed",
            "allow",
            "allowed",
            "permitted",
            "granted",
            "done",
            "completed",
            "true",
            "yes",
            "none",
            "0",
            "200",
        ],
    ),
    (
        "denied",
        &[
            "deny",
            "accessdenied",
            "forbidden",
            "unauthorized",
            "unauthorised",
            "notauthorized",
            "refused",
            "refuse",
            "blocked",
            "block",
            "rejected",
            "reject",
            "401",
            "403",
        ],
    ),
    (
        "error",
        &[
            "fail",
            "failed",
            "failure",
            "failing",
            "err",
            "errors",
            "errored",
            "exception",
            "fault",
            "false",
            "no",
            "500",
        ],
    ),
];

/// Other words for a flag.
const YES: &[&str] = &["y", "t", "on", "enabled", "used", "present", "ja", "si", "oui"];
const NO: &[&str] = &["n", "f", "off", "disabled", "none", "null", "unused", "absent", "nein", "non"];

/// A value that is none of a field's words.
pub(crate) fn not_one_of(field: &Field, words: &[&str], span: Span, text: &str) -> Diagnostic {
    let mistake = Diagnostic::at(span, format!("{} is one of {}, not `{text}`", field.name, words.join(", ")));
    let folded = fold(text);
    let suggestion = OUTCOMES.iter().find(|(_, others)| others.contains(&folded.as_str())).map(|(word, _)| *word);
    match suggestion.filter(|word| words.contains(word)) {
        Some("error") => {
            mistake.hint("did you mean `error`? `not outcome=ok` has both `denied` and `error`").instead("error")
        }
        Some(word) => mistake.hint(format!("did you mean `{word}`?")).instead(word),
        None => did_you_mean(mistake, text, words.iter().copied()),
    }
}

/// A value that is neither true nor false.
pub(crate) fn not_a_flag(field: &Field, span: Span, text: &str) -> Diagnostic {
    let mistake = Diagnostic::at(span, format!("{} is true or false, not `{text}`", field.name))
        .hint(format!("write {0}=true or {0}=false", field.name));
    let folded = fold(text);
    match () {
        () if YES.contains(&folded.as_str()) => mistake.instead("true"),
        () if NO.contains(&folded.as_str()) => mistake.instead("false"),
        () => mistake,
    }
}

#[cfg(test)]
mod tests {
    use super::{not_a_flag, not_one_of};
    use crate::diagnostic::Span;
    use crate::fields::{Kind, find};

    #[test]
    fn words_of_other_tools_lead_to_the_field_s_own() {
        let field = find("outcome").unwrap();
        let Kind::Word(words) = field.kind else { panic!() };
        let of = |text: &str| not_one_of(field, words, Span::default(), text);
        for (text, meant) in [
            ("success", "ok"),
            ("Success", "ok"),
            ("failed", "error"),
            ("failure", "error"),
            ("fail", "error"),
            ("AccessDenied", "denied"),
            ("access-denied", "denied"),
            ("deny", "denied"),
            ("denid", "denied"),
            ("OK", "ok"),
        ] {
            assert_eq!(of(text).hints.len(), 1, "{text}");
            assert!(of(text).hints[0].starts_with(&format!("did you mean `{meant}`?")), "{text}");
        }
        assert_eq!(of("success").instead.as_deref(), Some("ok"));
        assert!(of("failed").hints[0].contains("`not outcome=ok`"));
        assert!(of("zebra").hints.is_empty());
        let flag = |text: &str| not_a_flag(find("mfa").unwrap(), Span::default(), text).instead;
        assert_eq!(
            (flag("on").as_deref(), flag("None").as_deref(), flag("maybe")),
            (Some("true"), Some("false"), None)
        );
    }
}
