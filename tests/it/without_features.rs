//! Builds without some of the features: what is left out says so.

use crate::common::program::TestEnv;

#[cfg(not(feature = "serve"))]
#[test]
fn serve_says_that_it_is_left_out() {
    let test_env = TestEnv::with_delivery();
    test_env
        .run(&["serve", "--port", "0"])
        .fails(2, &["cannot serve at 127.0.0.1:0", "built without the feature serve"]);
}

#[cfg(not(feature = "parquet"))]
#[test]
fn convert_and_export_say_that_they_are_left_out_and_write_nothing() {
    let test_env = TestEnv::with_delivery();
    for command in [["convert", "trailq.db", "table"].as_slice(), &["export", "table"]] {
        test_env.run(command).fails(2, &["cannot write table", "built without the feature parquet"]);
    }
    assert!(!test_env.scratch.path("table").exists());
    test_env.scratch.write("x.parquet", "PAR1");
    test_env.run(&["import", "x.parquet"]).fails(1, &["is a Parquet file"]);
}

#[cfg(not(feature = "plot"))]
#[test]
fn plot_says_that_it_is_left_out_and_writes_nothing() {
    let test_env = TestEnv::with_delivery();
    test_env.scratch.write("x.trailq", "| count by outcome\n.plot x.svg\n");
    test_env
        .run(&["script", "x.trailq"])
        .fails(2, &["the picture could not be drawn", "built without the feature plot"]);
    assert!(!test_env.scratch.path("x.svg").exists());
}
