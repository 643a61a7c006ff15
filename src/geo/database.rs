//! The content of files about addresses.

use std::fs::File;
use std::io::Read as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::geo::aws_ranges::AwsRanges;
use crate::geo::error::GeoError;
use crate::geo::facts::{AddressFacts, Attribute};
use crate::geo::mmdb::Mmdb;
use crate::hash::sha256;
use crate::io_message::describe;
use crate::number;
use crate::time;

/// Maximum size of a file. GeoLite2-City has 65 MB, and commercial ones with every city a few hundred.
const MAX_BYTES: u64 = 512 << 20;

/// The content of files about addresses.
#[derive(Debug, Default)]
pub struct GeoDatabase {
    files: Vec<GeoFile>,
}

/// A file about addresses.
#[derive(Debug)]
pub struct GeoFile {
    path: PathBuf,
    /// The time of its making, in Unix seconds.
    built: Option<i64>,
    sha256: String,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Mmdb(Mmdb),
    AwsRanges(AwsRanges),
}

impl GeoDatabase {
    /// Reads files.
    ///
    /// # Errors
    /// A file cannot be read, is too large, or is neither a MaxMind DB file nor `ip-ranges.json`.
    pub(crate) fn read(paths: &[PathBuf]) -> Result<GeoDatabase, GeoError> {
        let read = |path: &PathBuf| GeoFile::read(path).map_err(|reason| unusable(path, reason));
        Ok(GeoDatabase::of(paths.iter().map(read).collect::<Result<_, _>>()?))
    }

    /// Returns the content of these files.
    pub(crate) fn of(files: Vec<GeoFile>) -> GeoDatabase {
        GeoDatabase { files }
    }

    /// Returns the files.
    pub fn files(&self) -> &[GeoFile] {
        &self.files
    }

    /// Reports whether a file has an attribute.
    pub fn has(&self, attribute: Attribute) -> bool {
        self.files.iter().any(|file| file.attributes().contains(&attribute))
    }

    /// Returns the facts about an address. There are none about what is not an address, such as the name of a service.
    ///
    /// # Errors
    /// The part of a file that is about the address is broken.
    pub fn facts(&self, address: &str) -> Result<AddressFacts, GeoError> {
        let mut facts = AddressFacts::default();
        let Ok(ip) = address.parse::<IpAddr>() else { return Ok(facts) };
        let ip = ip.to_canonical();
        for file in &self.files {
            let found = match &file.content {
                Content::Mmdb(mmdb) => mmdb.facts(ip).map_err(|reason| {
                    unusable(&file.path, format!("what it has about {address} is broken: {reason}"))
                })?,
                Content::AwsRanges(ranges) => {
                    AddressFacts { aws_range: ranges.name(ip).map(str::to_owned), ..AddressFacts::default() }
                }
            };
            facts.add(found);
        }
        Ok(facts)
    }

    /// Returns the names of the files.
    pub(crate) fn names(&self) -> String {
        let names: Vec<String> = self.files.iter().map(GeoFile::name).collect();
        names.join(", ")
    }
}

impl GeoFile {
    /// Reads a file. The error is the reason why it cannot be used.
    fn read(path: &Path) -> Result<GeoFile, String> {
        let too_large = || format!("it is larger than {}", number::bytes(MAX_BYTES));
        let file = File::open(path).map_err(|error| describe(&error))?;
        let size = file.metadata().map_err(|error| describe(&error))?.len();
        if size > MAX_BYTES {
            return Err(too_large());
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| describe(&error))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(too_large());
        }
        GeoFile::of_bytes(path, bytes)
    }

    /// Reads the content of a file, which is told by the content alone.
    pub(crate) fn of_bytes(path: &Path, bytes: Vec<u8>) -> Result<GeoFile, String> {
        let sha256 = sha256(&bytes);
        let (content, built) = match Mmdb::is_one(&bytes) {
            true => {
                let mmdb = Mmdb::parse(bytes)?;
                let built = mmdb.built();
                (Content::Mmdb(mmdb), built)
            }
            false => {
                let ranges = AwsRanges::parse(&bytes)?;
                let built = ranges.created();
                (Content::AwsRanges(ranges), built)
            }
        };
        Ok(GeoFile { path: path.to_owned(), built, sha256, content })
    }

    fn attributes(&self) -> &[Attribute] {
        match &self.content {
            Content::Mmdb(mmdb) => mmdb.attributes(),
            Content::AwsRanges(_) => &[Attribute::AwsRange],
        }
    }

    /// Returns the name of the file.
    pub(crate) fn name(&self) -> String {
        self.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// Returns the name, the type, the day of its making and the SHA-256 of the file.
    pub fn description(&self) -> String {
        let kind = match &self.content {
            Content::Mmdb(mmdb) => mmdb.kind(),
            Content::AwsRanges(_) => "AWS IP ranges",
        };
        let built = self.built.map(time::format).and_then(|built| built.get(..10).map(|day| format!("built {day}")));
        let built = built.unwrap_or_else(|| "day not known".to_owned());
        format!("{} ({kind}, {built}, SHA-256 {})", self.name(), self.sha256)
    }
}

fn unusable(path: &Path, reason: String) -> GeoError {
    GeoError::Unusable { path: path.to_owned(), reason }
}
