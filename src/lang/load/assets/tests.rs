use tempfile::TempDir;

use super::*;

fn write(folder: &Path, path: &str, text: &str) {
    let file = folder.join(path);
    fs::create_dir_all(file.parent().expect("it is in a folder")).unwrap();
    fs::write(file, text).unwrap();
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    files.iter().for_each(|(path, text)| write(dir.path(), path, text));
    dir
}

fn archive(path: &str) -> Asset {
    Asset::new(Source::FileArchive(path.to_owned()))
}

fn text(text: &str) -> Asset {
    Asset::new(Source::Text(text.to_owned()))
}

fn parts<const N: usize>(parts: [(&str, Asset); N]) -> Asset {
    let parts = parts.into_iter().map(|(path, it)| (path.to_owned(), it));
    Asset::new(Source::Archive(parts.collect()))
}

fn pack(dir: &TempDir, asset: &Asset) -> Result<Vec<u8>, String> {
    read(&[dir.path().to_owned()], dir.path(), asset)
}

/// Name, content and mode of each entry.
fn entries(zip: &[u8]) -> Vec<(String, String, u32)> {
    let mut zip = ZipArchive::new(Cursor::new(zip)).unwrap();
    let names = (0..zip.len()).map(|at| {
        let mut entry = zip.by_index(at).unwrap();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        (entry.name().unwrap().into_owned(), text, entry.unix_mode().unwrap() & 0o777)
    });
    names.collect()
}

fn zip_of(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn the_same_files_are_the_same_bytes_whatever_their_times_and_modes() {
    let one = folder(&[("app/b/c.py", "c"), ("app/a.py", "a"), ("app/run", "#!")]);
    let other = folder(&[("app/run", "#!"), ("app/a.py", "a"), ("app/b/c.py", "c")]);
    let mode = |dir: &TempDir, path: &str, mode| {
        fs::set_permissions(dir.path().join(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(&one, "app/run", 0o700);
    mode(&other, "app/run", 0o755);
    mode(&other, "app/a.py", 0o600);
    let old = fs::FileTimes::new().set_modified(std::time::SystemTime::UNIX_EPOCH);
    fs::File::options()
        .write(true)
        .open(other.path().join("app/a.py"))
        .unwrap()
        .set_times(old)
        .unwrap();
    let packed = pack(&one, &archive("app")).unwrap();
    assert_eq!(packed, pack(&other, &archive("./app/")).unwrap());
    let text = |name: &str, text: &str, mode| (name.to_owned(), text.to_owned(), mode);
    let expected = [text("a.py", "a", 0o644), text("b/c.py", "c", 0o644), text("run", "#!", 0o755)];
    assert_eq!(entries(&packed), expected);
    write(other.path(), "app/a.py", "A");
    assert_ne!(packed, pack(&other, &archive("app")).unwrap());
}

#[test]
fn an_archive_is_put_together_of_texts_files_folders_and_archives() {
    let dir = folder(&[("x.txt", "x"), ("app/a.py", "a")]);
    fs::write(dir.path().join("lib.zip"), zip_of(&[("lib/z.py", "z")])).unwrap();
    let whole = parts([
        (".", archive("app")),
        ("config/text", text("t")),
        ("x", Asset::new(Source::File("x.txt".to_owned()))),
        ("vendor", archive("lib.zip")),
        ("deep", parts([("er", text("d"))])),
    ]);
    let names: Vec<String> = entries(&pack(&dir, &whole).unwrap())
        .into_iter()
        .map(|(name, text, _)| format!("{name}={text}"))
        .collect();
    assert_eq!(names, ["a.py=a", "config/text=t", "deep/er=d", "vendor/lib/z.py=z", "x=x"]);
}

#[test]
fn a_zip_file_is_taken_as_it_is_and_other_kinds_are_refused() {
    let dir = folder(&[("a.tar.gz", "no zip"), ("a.txt", "t")]);
    let zip = zip_of(&[("a", "b")]);
    fs::write(dir.path().join("a.zip"), &zip).unwrap();
    assert_eq!(pack(&dir, &archive("a.zip")).unwrap(), zip);
    let error = pack(&dir, &archive("a.tar.gz")).unwrap_err();
    assert!(error.contains("`a.tar.gz` is neither a folder nor a zip file"), "{error}");
}

#[test]
fn what_changed_since_the_plan_is_not_uploaded() {
    let dir = folder(&[("app/a.py", "a")]);
    let planned = archive("app").hashed(&pack(&dir, &archive("app")).unwrap());
    assert_eq!(planned.hash.len(), 64);
    assert!(pack(&dir, &planned).is_ok());
    write(dir.path(), "app/a.py", "other");
    assert_eq!(pack(&dir, &planned).unwrap_err(), "`app` has changed since it was planned with");
    // A text's error never says the text.
    let wrong = Asset { hash: "0".repeat(64), ..text("t0ken") };
    assert!(!pack(&dir, &wrong).unwrap_err().contains("t0ken"));
}

#[test]
fn nothing_leads_out() {
    let dir = folder(&[("app/a.py", "a")]);
    std::os::unix::fs::symlink("/etc/hostname", dir.path().join("app/link")).unwrap();
    let error = pack(&dir, &archive("app")).unwrap_err();
    assert_eq!(error, "`app/link` is outside of the project's folder");
    let error = pack(&dir, &archive("..")).unwrap_err();
    assert_eq!(error, "`..` is outside of the project's folder");
    for name in ["../a", "/a", "a/../../b", "a\\b"] {
        let error = pack(&dir, &parts([(name, text("x"))])).unwrap_err();
        assert_eq!(error, format!("`{name}` leads out of the archive"));
    }
    fs::write(dir.path().join("evil.zip"), zip_of(&[("../../x", "x")])).unwrap();
    let error = pack(&dir, &parts([("a", archive("evil.zip"))])).unwrap_err();
    assert_eq!(error, "`../../x` leads out of the archive");
}

#[test]
fn a_state_is_not_uploaded() {
    let dir = folder(&[("main.py", "a"), ("state/orderinfra.db", "s")]);
    let error = pack(&dir, &archive(".")).unwrap_err();
    assert_eq!(error, "`./state/orderinfra.db` is a state file; put code into a folder of its own");
}

#[test]
fn links_inside_are_followed_and_a_ring_of_them_ends() {
    let dir = folder(&[("app/a.py", "a"), ("shared/b.py", "b")]);
    std::os::unix::fs::symlink("../shared", dir.path().join("app/shared")).unwrap();
    let names: Vec<String> =
        entries(&pack(&dir, &archive("app")).unwrap()).into_iter().map(|it| it.0).collect();
    assert_eq!(names, ["a.py", "shared/b.py"]);
    std::os::unix::fs::symlink(".", dir.path().join("app/ring")).unwrap();
    std::os::unix::fs::symlink(".", dir.path().join("app/ring2")).unwrap();
    let error = pack(&dir, &archive("app")).unwrap_err();
    assert!(
        error.contains("folders inside each other") || error.contains("files and folders"),
        "{error}"
    );
}

#[test]
fn what_is_too_large_is_refused_before_it_is_read() {
    let dir = folder(&[("app/a.py", "a"), ("x", "x")]);
    let sparse = |path: &str, bytes| {
        fs::File::create(dir.path().join(path)).unwrap().set_len(bytes).unwrap();
    };
    sparse("app/huge", 1 << 40);
    let error = pack(&dir, &archive("app")).unwrap_err();
    assert_eq!(error, "the archive unpacks to more than 250 MiB");
    sparse("huge.zip", 1 << 40);
    let error = pack(&dir, &archive("huge.zip")).unwrap_err();
    assert_eq!(error, "`huge.zip` is larger than 256 MiB");
    assert_eq!(pack(&dir, &parts([])).unwrap_err(), "the archive has no files");
    let twice = parts([("a", text("1")), ("./a", text("2"))]);
    assert_eq!(pack(&dir, &twice).unwrap_err(), "the archive would have `a` twice");
}

/// 251 MiB of nothing pack to a quarter of one, and say so in their table.
#[test]
fn a_bomb_does_not_go_off() {
    let dir = folder(&[]);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let nothing = vec![0; 1 << 20];
    zip.start_file("zeros", SimpleFileOptions::default()).unwrap();
    for _ in 0..251 {
        zip.write_all(&nothing).unwrap();
    }
    fs::write(dir.path().join("bomb.zip"), zip.finish().unwrap().into_inner()).unwrap();
    for asset in [archive("bomb.zip"), parts([("a", archive("bomb.zip"))])] {
        let error = pack(&dir, &asset).unwrap_err();
        assert_eq!(error, "the archive unpacks to more than 250 MiB");
    }
}
