//! Validates the headers of the shipped queries and scripts, and lists them so that the program embeds them.

#[path = "src/saved/header.rs"]
#[allow(dead_code, unreachable_pub, reason = "the build needs the parser only")]
mod header;
#[path = "src/level.rs"]
#[allow(dead_code, unreachable_pub, reason = "the header of a query names a level")]
mod level;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// A shipped file: its group, its name, its path.
type Shipped = (String, String, PathBuf);

fn main() -> Result<(), String> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/saved/header.rs");
    println!("cargo::rerun-if-changed=src/level.rs");
    println!("cargo::rerun-if-changed=sql");
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from).ok_or(format!("there is no {name}"));
    let sql = variable("CARGO_MANIFEST_DIR")?.join("sql");
    let mut queries: Vec<Shipped> = Vec::new();
    let mut scripts: Vec<Shipped> = Vec::new();
    for folder in entries(&sql)?.into_iter().filter(|folder| folder.is_dir()) {
        for file in entries(&folder)? {
            println!("cargo::rerun-if-changed={}", file.display());
            let name = stem(&file)?;
            match file.extension().and_then(|extension| extension.to_str()) {
                Some("sql") => queries.push((stem(&folder)?, name, file)),
                Some("trailq") => scripts.push((stem(&folder)?, name, file)),
                _ => return Err(format!("{} is neither a query nor a script", file.display())),
            }
        }
    }
    for (_, name, file) in &queries {
        let wrong = |wrong: header::HeaderError| format!("{}:{}: {}", file.display(), wrong.line, wrong.message);
        header::parse_query(&read(file)?).map_err(wrong)?;
        if queries.iter().filter(|(_, other, _)| other == name).count() > 1 {
            return Err(format!("{}: another group has a query of this name", file.display()));
        }
    }
    for (_, _, file) in &scripts {
        let wrong = |wrong: header::HeaderError| format!("{}:{}: {}", file.display(), wrong.line, wrong.message);
        if header::parse_script(&read(file)?).map_err(wrong)?.is_none() {
            return Err(format!("{} has no header", file.display()));
        }
    }
    let out = variable("OUT_DIR")?.join("shipped.rs");
    let text = list("QUERIES", &queries) + &list("SCRIPTS", &scripts);
    fs::write(&out, text).map_err(|error| format!("{}: {error}", out.display()))
}

/// Returns a constant of the program with group, name and text of each file.
fn list(constant: &str, files: &[Shipped]) -> String {
    let mut text = format!("const {constant}: &[(&str, &str, &str)] = &[\n");
    for (group, name, file) in files {
        let _ = writeln!(text, "    ({group:?}, {name:?}, include_str!({:?})),", file.display().to_string());
    }
    text + "];\n"
}

/// Returns the entries of a folder, by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let wrong = |error: std::io::Error| format!("{}: {error}", folder.display());
    let read = fs::read_dir(folder).map_err(wrong)?;
    let mut paths = read.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(wrong)?;
    paths.sort();
    Ok(paths)
}

/// Returns the name of a query, a script or a group.
fn stem(path: &Path) -> Result<String, String> {
    let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let sound = header::is_name(name, '-');
    sound
        .then(|| name.to_owned())
        .ok_or_else(|| format!("{} is not a name: small letters, digits and -", path.display()))
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
