//! The bytes of assets and archives. A folder becomes a zip file that depends
//! on names, contents and the executable bit alone: the same files are the same
//! bytes, and so the same hash, wherever and whenever they were written.

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    fs,
    io::{Cursor, Read as _, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::{ASSET_BYTES_MAX, inside, read_within};
use crate::model::value::{Asset, Source};

/// What Lambda unpacks at most, and more than any other service takes.
const UNPACKED_BYTES_MAX: u64 = 250 << 20;
/// Files and folders of an archive together: as many as a zip file has without
/// its extension for huge ones.
const ENTRIES_MAX: usize = 65_535;
/// An archive of it would give the state away, and differ after each run.
const STATE_FILE: &str = "orderinfra.db";

/// Folders inside each other; links may make a ring of them.
const FOLDERS_MAX: usize = 32;

pub const REMOTE: &str = "is not fetched: what is behind an address can change between preview and up, and nobody would have seen it; download the file into the project";

/// The bytes to upload, which must be those that were planned with, if it was.
pub fn read(roots: &[PathBuf], base: &Path, asset: &Asset) -> Result<Vec<u8>, String> {
    let bytes = bytes(roots, base, asset)?;
    if !asset.hash.is_empty() && asset.clone().hashed(&bytes).hash != asset.hash {
        return Err(format!("{} has changed since it was planned with", named(asset)));
    }
    Ok(bytes)
}

fn bytes(roots: &[PathBuf], base: &Path, asset: &Asset) -> Result<Vec<u8>, String> {
    match &asset.source {
        Source::Text(text) => Ok(text.clone().into_bytes()),
        Source::File(path) => read_within(roots, base, path, ASSET_BYTES_MAX),
        Source::FileArchive(path) if !inside(roots, base, path)?.is_dir() => {
            let bytes = read_within(roots, base, path, ASSET_BYTES_MAX)?;
            open(path, &bytes)?;
            Ok(bytes)
        }
        Source::FileArchive(_) | Source::Archive(_) => {
            let mut pack = Pack { roots, base, entries: BTreeMap::new(), bytes: 0, folders: 0 };
            pack.add("", asset)?;
            pack.finish()
        }
        Source::Remote(uri) | Source::RemoteArchive(uri) => Err(format!("`{uri}` {REMOTE}")),
        Source::Uploaded => Err("the program does not say where its bytes are".to_owned()),
    }
}

/// Never the text of one.
fn named(asset: &Asset) -> String {
    match &asset.source {
        Source::File(path) | Source::FileArchive(path) => format!("`{path}`"),
        _ if asset.is_archive() => "the archive".to_owned(),
        _ => "the asset".to_owned(),
    }
}

/// The archive in these bytes, by its own table not too large.
fn open<'a>(path: &str, bytes: &'a [u8]) -> Result<ZipArchive<Cursor<&'a [u8]>>, String> {
    let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| {
        format!("`{path}` is neither a folder nor a zip file ({error}); other kinds of archives are not supported")
    })?;
    if zip.len() > ENTRIES_MAX {
        return Err(too_many());
    }
    if zip.decompressed_size().is_some_and(|it| it > u128::from(UNPACKED_BYTES_MAX)) {
        return Err(too_large());
    }
    Ok(zip)
}

fn too_many() -> String {
    format!("the archive has more than {ENTRIES_MAX} files and folders")
}

fn too_large() -> String {
    format!("the archive unpacks to more than {} MiB", UNPACKED_BYTES_MAX >> 20)
}

/// What one entry of an archive is made of.
enum Content {
    File(PathBuf),
    Bytes(Vec<u8>),
}

struct Entry {
    content: Content,
    executable: bool,
}

/// An archive that is being put together: first what is in it, then the bytes.
struct Pack<'a> {
    roots: &'a [PathBuf],
    base: &'a Path,
    entries: BTreeMap<String, Entry>,
    /// Unpacked, so far.
    bytes: u64,
    folders: usize,
}

impl Pack<'_> {
    /// `at` is where it goes in the archive; empty is the top.
    fn add(&mut self, at: &str, asset: &Asset) -> Result<(), String> {
        match &asset.source {
            Source::Text(text) => self.entry(at, Content::Bytes(text.clone().into_bytes()), false),
            Source::File(path) => {
                let file = inside(self.roots, self.base, path)?;
                self.file(at, file, path)
            }
            Source::FileArchive(path) => {
                let file = inside(self.roots, self.base, path)?;
                if file.is_dir() {
                    return self.folder(at, &file, path, 0);
                }
                self.unpack(at, path)
            }
            Source::Archive(parts) => {
                for (name, part) in parts {
                    self.add(&below(at, name)?, part)?;
                }
                Ok(())
            }
            Source::Remote(_) | Source::RemoteArchive(_) | Source::Uploaded => {
                bytes(self.roots, self.base, asset).map(drop)
            }
        }
    }

    fn folder(&mut self, at: &str, folder: &Path, path: &str, depth: usize) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("cannot read `{path}`: {error}");
        if depth > FOLDERS_MAX {
            return Err(format!("`{path}` has more than {FOLDERS_MAX} folders inside each other"));
        }
        self.folders += 1;
        for entry in fs::read_dir(folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let Some(name) = name.to_str() else {
                return Err(format!("`{path}` has a file whose name is not UTF-8: {name:?}"));
            };
            // Counted here, before a folder of millions is read whole.
            if self.entries.len() + self.folders > ENTRIES_MAX {
                return Err(too_many());
            }
            let path = format!("{}/{name}", path.trim_end_matches('/'));
            let file = inside(self.roots, self.base, &path)?;
            let at = below(at, name)?;
            if file.is_dir() {
                self.folder(&at, &file, &path, depth + 1)?;
            } else {
                self.file(&at, file, &path)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, at: &str, file: PathBuf, path: &str) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("cannot read `{path}`: {error}");
        let metadata = fs::metadata(&file).map_err(failed)?;
        if file.file_name().is_some_and(|it| it == STATE_FILE) {
            return Err(format!("`{path}` is a state file; put code into a folder of its own"));
        }
        if !metadata.is_file() {
            return Err(format!("`{path}` is not a file"));
        }
        self.count(metadata.len())?;
        self.entry(at, Content::File(file), metadata.permissions().mode() & 0o111 != 0)
    }

    /// The entries of a zip file, one by one and never more than may be.
    fn unpack(&mut self, at: &str, path: &str) -> Result<(), String> {
        let failed = |error: &dyn std::fmt::Display| format!("cannot unpack `{path}`: {error}");
        let packed = read_within(self.roots, self.base, path, ASSET_BYTES_MAX)?;
        let mut zip = open(path, &packed)?;
        for place in 0..zip.len() {
            let entry = zip.by_index(place).map_err(|it| failed(&it))?;
            let name = entry.name().map_err(|it| failed(&it))?.into_owned();
            if entry.is_dir() {
                continue;
            }
            if entry.is_symlink() {
                return Err(failed(&format!("`{name}` in it is a link")));
            }
            let executable = entry.unix_mode().is_some_and(|it| it & 0o111 != 0);
            let mut bytes = Vec::new();
            let left = UNPACKED_BYTES_MAX.saturating_sub(self.bytes);
            entry.take(left + 1).read_to_end(&mut bytes).map_err(|it| failed(&it))?;
            self.count(bytes.len() as u64)?;
            self.entry(&below(at, &name)?, Content::Bytes(bytes), executable)?;
        }
        Ok(())
    }

    fn count(&mut self, bytes: u64) -> Result<(), String> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > UNPACKED_BYTES_MAX { Err(too_large()) } else { Ok(()) }
    }

    fn entry(&mut self, at: &str, content: Content, executable: bool) -> Result<(), String> {
        if at.is_empty() {
            return Err("a file in an archive needs a name".to_owned());
        }
        if self.entries.insert(at.to_owned(), Entry { content, executable }).is_some() {
            return Err(format!("the archive would have `{at}` twice"));
        }
        if self.entries.len() + self.folders > ENTRIES_MAX { Err(too_many()) } else { Ok(()) }
    }

    fn finish(self) -> Result<Vec<u8>, String> {
        let failed = |error: &dyn std::fmt::Display| format!("cannot pack the archive: {error}");
        if self.entries.is_empty() {
            return Err("the archive has no files".to_owned());
        }
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let mut left = UNPACKED_BYTES_MAX;
        for (name, entry) in self.entries {
            let options = SimpleFileOptions::default()
                .compression_method(CompressionMethod::Deflated)
                .last_modified_time(DateTime::default())
                .unix_permissions(if entry.executable { 0o755 } else { 0o644 });
            zip.start_file(&name, options).map_err(|it| failed(&it))?;
            let bytes = match entry.content {
                Content::Bytes(bytes) => bytes,
                Content::File(file) => {
                    // It may have grown since it was counted.
                    let mut bytes = Vec::new();
                    let open = fs::File::open(&file).map_err(|it| failed(&it))?;
                    open.take(left + 1).read_to_end(&mut bytes).map_err(|it| failed(&it))?;
                    bytes
                }
            };
            left = left.checked_sub(bytes.len() as u64).ok_or_else(too_large)?;
            zip.write_all(&bytes).map_err(|it| failed(&it))?;
        }
        Ok(zip.finish().map_err(|it| failed(&it))?.into_inner())
    }
}

/// A place in an archive: neither above its top nor from the root of a disk.
fn below(at: &str, name: &str) -> Result<String, String> {
    let parts = name.split('/').filter(|it| !matches!(*it, "" | "."));
    let parts: Vec<&str> = parts.collect();
    if name.starts_with('/') || name.contains(['\\', '\0']) || parts.contains(&"..") {
        return Err(format!("`{name}` leads out of the archive"));
    }
    let all = (!at.is_empty()).then_some(at).into_iter().chain(parts);
    Ok(all.collect::<Vec<_>>().join("/"))
}
