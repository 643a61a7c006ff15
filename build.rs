//! Validates the headers of the shipped queries and scripts, and packs the texts that `src/embedded.rs` gives to the
//! program.

#[path = "src/saved/header.rs"]
#[allow(dead_code, unreachable_pub, reason = "the build needs the parser only")]
mod header;
#[path = "src/level.rs"]
#[allow(dead_code, unreachable_pub, reason = "the header of a query names a level")]
mod level;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use libdeflater::{CompressionLvl, Compressor};

/// A shipped file: its group, its name, its path.
type Shipped = (String, String, PathBuf);

/// The folders and files of the archive `GUIDE`.
const GUIDE: [&str; 2] = ["src/guide", "src/guide/internals"];
/// The files of the archive `TABLES`: tables of over 8 KiB.
const TABLES: [&str; 5] = [
    "src/detection/attack.tsv",
    "src/detection/meaning.tsv",
    "src/ingest/record/resource_rules.tsv",
    "src/redact/api_words.txt",
    "src/sentence/phrases.tsv",
];

fn main() -> Result<(), String> {
    for watched in ["build.rs", "src/saved/header.rs", "src/level.rs", "sql"].into_iter().chain(GUIDE).chain(TABLES) {
        println!("cargo::rerun-if-changed={watched}");
    }
    let (queries, scripts) = shipped()?;
    let mut embedded = Embedded::default();
    embedded.archive("SQL", queries.iter().chain(&scripts).map(|(_, _, file)| file.clone()))?;
    embedded.list("QUERIES", &queries)?;
    embedded.list("SCRIPTS", &scripts)?;
    embedded.archive("GUIDE", pages()?)?;
    embedded.archive("TABLES", TABLES.map(PathBuf::from))?;
    embedded.write()
}

/// Returns the shipped queries and scripts, whose headers it validates.
fn shipped() -> Result<(Vec<Shipped>, Vec<Shipped>), String> {
    let mut queries: Vec<Shipped> = Vec::new();
    let mut scripts: Vec<Shipped> = Vec::new();
    for folder in entries(Path::new("sql"))?.into_iter().filter(|folder| folder.is_dir()) {
        for file in entries(&folder)? {
            println!("cargo::rerun-if-changed={}", file.display());
            let name = stem(&file)?;
            match extension(&file) {
                "sql" => queries.push((stem(&folder)?, name, file)),
                "trailq" => scripts.push((stem(&folder)?, name, file)),
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
    Ok((queries, scripts))
}

/// Returns the pages of the guide and the programs that they explain.
fn pages() -> Result<Vec<PathBuf>, String> {
    let mut pages = Vec::new();
    for folder in GUIDE {
        pages.extend(entries(Path::new(folder))?.into_iter().filter(|file| matches!(extension(file), "md" | "py")));
    }
    Ok(pages)
}

/// The Rust source with the archives and the place of each file in them.
#[derive(Default)]
struct Embedded {
    source: String,
    /// Path and constant of each file.
    files: Vec<(PathBuf, String)>,
}

impl Embedded {
    /// Compresses files, and adds a constant for each.
    fn archive(&mut self, name: &str, files: impl IntoIterator<Item = PathBuf>) -> Result<(), String> {
        let mut content = String::new();
        for file in files {
            let start = content.len();
            content += &read(&file)?;
            let constant = constant(&file);
            let _ = writeln!(
                self.source,
                "/// `{}`.\npub(crate) const {constant}: Text = Text::new(&{name}, {start}, {});",
                file.display(),
                content.len()
            );
            self.files.push((file, constant));
        }
        let mut compressor = Compressor::new(CompressionLvl::best());
        let mut compressed = vec![0; compressor.deflate_compress_bound(content.len())];
        let size =
            compressor.deflate_compress(content.as_bytes(), &mut compressed).map_err(|error| error.to_string())?;
        let out = out_folder()?.join(format!("{}.deflate", name.to_lowercase()));
        write(&out, &compressed[..size])?;
        let _ =
            writeln!(self.source, "static {name}: Archive = Archive::new(include_bytes!({out:?}), {});", content.len());
        Ok(())
    }

    /// Adds a constant with group, name and text of each file.
    fn list(&mut self, name: &str, files: &[Shipped]) -> Result<(), String> {
        let _ = writeln!(self.source, "/// By group and name.\npub(crate) const {name}: &[Shipped] = &[");
        for (group, stem, file) in files {
            let text = constant(file);
            let _ = writeln!(self.source, "    Shipped {{ group: {group:?}, name: {stem:?}, text: {text} }},");
        }
        self.source += "];\n";
        Ok(())
    }

    fn write(mut self) -> Result<(), String> {
        self.source += "/// Every file, by its path in the project.\n#[cfg(test)]\nconst FILES: &[(&str, Text)] = &[\n";
        for (path, constant) in &self.files {
            let _ = writeln!(self.source, "    ({:?}, {constant}),", path.display().to_string());
        }
        self.source += "];\n";
        write(&out_folder()?.join("embedded.rs"), self.source.as_bytes())
    }
}

/// Returns the name of a file's constant: `sql/access/root-write.sql` is `ROOT_WRITE_SQL`.
fn constant(file: &Path) -> String {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.replace(|other: char| !other.is_ascii_alphanumeric(), "_").to_uppercase()
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

fn extension(path: &Path) -> &str {
    path.extension().and_then(|extension| extension.to_str()).unwrap_or_default()
}

fn out_folder() -> Result<PathBuf, String> {
    std::env::var_os("OUT_DIR").map(PathBuf::from).ok_or("there is no OUT_DIR".to_owned())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(path: &Path, content: &[u8]) -> Result<(), String> {
    fs::write(path, content).map_err(|error| format!("{}: {error}", path.display()))
}
