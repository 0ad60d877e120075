//! Finds and reads configuration files: opened once, judged by that same descriptor, capped. Never the current folder.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use directories::BaseDirs;
use rustix::fs::{Mode, OFlags, Stat, fstat, open, stat};

use super::policy_file;
use crate::config::trust::{self, Facts, Reader};
use crate::config::{
    Arguments, Inputs, Layer, Place, Problem, SourceFile, Variables, profiles, wanted_profile, wants_dotenv,
};
use crate::domain::Safe;

/// Largest file that is read.
const LIMIT: u64 = 1024 * 1024;
/// The system's folder.
const SYSTEM: &str = "/etc/quarterdeck";
/// Name of the configuration in either folder.
const NAME: &str = "config.toml";

/// Why a file was not read.
enum Refusal {
    Missing,
    Words(Safe),
}

/// Where configuration is looked for.
#[derive(Clone, Debug)]
pub struct Places {
    /// The user's folder.
    pub user: Option<PathBuf>,
    /// The system's folder.
    pub system: PathBuf,
    /// The home folder.
    pub home: Option<PathBuf>,
    /// The current folder, for `.env` alone.
    pub current: PathBuf,
}

impl Places {
    /// Those of this process.
    #[must_use]
    pub fn of_process() -> Places {
        let base = BaseDirs::new();
        Places {
            user: base.as_ref().map(|b| b.config_dir().join("quarterdeck")),
            system: PathBuf::from(SYSTEM),
            home: base.as_ref().map(|b| b.home_dir().to_owned()),
            current: PathBuf::from("."),
        }
    }
}

/// Who we run as; through sudo is root with another user behind.
#[must_use]
pub fn reader(variables: &BTreeMap<String, String>) -> Reader {
    let user = rustix::process::geteuid().as_raw();
    let behind = variables.get("SUDO_UID").is_some_and(|uid| uid != "0");
    Reader { user, through_sudo: user == 0 && behind }
}

/// The process' variables, those that are text.
#[must_use]
pub fn variables() -> BTreeMap<String, String> {
    std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect()
}

/// libpq's default user is the system's name of who runs us; the variables that usually tell it are not always set.
fn with_login(mut variables: BTreeMap<String, String>, reader: Reader) -> BTreeMap<String, String> {
    if !variables.contains_key("USER") && !variables.contains_key("LOGNAME") {
        let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let id = reader.user.to_string();
        let name =
            users.lines().find(|line| line.split(':').nth(2) == Some(&id)).and_then(|line| line.split(':').next());
        if let Some(name) = name {
            variables.insert("USER".to_owned(), name.to_owned());
        }
    }
    variables
}

/// Collects everything that resolving looks at.
pub fn gather(
    arguments: Arguments,
    variables: BTreeMap<String, String>,
    places: &Places,
    reader: Reader,
) -> Result<Inputs, Vec<Problem>> {
    let mut notes = Vec::new();
    let variables = with_login(variables, reader);
    let plain = Variables::new(variables.clone(), None);
    let file = configuration(&arguments, &plain, places, reader, &mut notes).map_err(|problem| vec![problem])?;
    let profile = match wanted_profile(&arguments, &plain, file.as_ref()) {
        Some((name, place)) if profiles::is_name(&name) => {
            profile(&name, &place, places, reader, &mut notes).map_err(|problem| vec![problem])?
        }
        _ => None,
    };
    let dotenv = if wants_dotenv(&arguments) && !refuses_dotenv(file.as_ref(), places) {
        dotenv(&places.current, reader, &mut notes)
    } else {
        None
    };
    let variables = Variables::new(variables, dotenv.as_deref());
    let (home, here) = (places.home.clone(), Some(places.current.clone()));
    let mut inputs = Inputs { arguments, variables, home, here, file, profile, policy: None, notes };
    inputs.policy = crate::config::resolve::shared_folder(&inputs).map(|folder| policy_file::read(&folder));
    Ok(inputs)
}

/// The one configuration file: `--config`, the variable, the user's, the system's; the first that is there.
fn configuration(
    arguments: &Arguments,
    variables: &Variables,
    places: &Places,
    reader: Reader,
    notes: &mut Vec<Safe>,
) -> Result<Option<SourceFile>, Problem> {
    let named = match (&arguments.config, variables.get("QUARTERDECK_CONFIG")) {
        (Some(path), _) => Some((path.clone(), Place::of(Layer::CommandLine, "--config"))),
        (None, Some(path)) => Some((PathBuf::from(path), Place::of(Layer::Environment, "QUARTERDECK_CONFIG"))),
        (None, None) => None,
    };
    if let Some((path, place)) = named {
        return match read_trusted(&path, reader) {
            Ok(text) => Ok(Some(SourceFile { path, text })),
            Err(Refusal::Missing) => Err(Problem::new(&place, "", format!("{}: no such file", path.display()))),
            // The command line is right; what is wrong is the file.
            Err(Refusal::Words(words)) => Err(Problem::new(&Place { layer: Layer::File, ..place }, "", words)),
        };
    }
    for folder in places.user.iter().chain([&places.system]) {
        let path = folder.join(NAME);
        match read_trusted(&path, reader) {
            Ok(text) => return Ok(Some(SourceFile { path, text })),
            Err(Refusal::Missing) => {}
            Err(Refusal::Words(words)) => skip_or_refuse(&path, &words, reader, notes)?,
        }
    }
    Ok(None)
}

/// A profile of the user's folder wins over an embedded one.
fn profile(
    name: &str,
    place: &Place,
    places: &Places,
    reader: Reader,
    notes: &mut Vec<Safe>,
) -> Result<Option<SourceFile>, Problem> {
    for folder in places.user.iter().chain([&places.system]) {
        let path = folder.join("profiles").join(format!("{name}.toml"));
        match read_trusted(&path, reader) {
            Ok(text) => {
                if profiles::embedded(name).is_some() {
                    notes.push(Safe::of(format!("profile {name} is that of {}", path.display())));
                }
                return Ok(Some(SourceFile { path, text }));
            }
            Err(Refusal::Missing) => {}
            Err(Refusal::Words(words)) => {
                let place = Place { origin: Safe::of(path.to_string_lossy()), ..place.clone() };
                skip_or_refuse(&path, &words, reader, notes).map_err(|problem| Problem { place, ..problem })?;
            }
        }
    }
    Ok(None)
}

/// Through sudo, the home folder is often still the other user's: their file does not count, and that is said.
fn skip_or_refuse(path: &Path, words: &Safe, reader: Reader, notes: &mut Vec<Safe>) -> Result<(), Problem> {
    if reader.through_sudo {
        notes.push(Safe::of(format!("ignored: {words}")));
        return Ok(());
    }
    Err(Problem::new(&Place::of(Layer::File, &path.to_string_lossy()), "", words))
}

fn read_trusted(path: &Path, reader: Reader) -> Result<String, Refusal> {
    let told = |e: rustix::io::Errno| match e {
        rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR => Refusal::Missing,
        e => Refusal::Words(Safe::of(format!("{}: {e}", path.display()))),
    };
    // Without O_NONBLOCK a FIFO of that name would hold us up for good.
    let fd = open(path, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY, Mode::empty())
        .map_err(told)?;
    let status = fstat(&fd).map_err(told)?;
    let folders = folders(path, &status).map_err(|e| Refusal::Words(Safe::of(format!("{}: {e}", path.display()))))?;
    trust::judge(path, facts(&status, is_regular(&status)), &folders, reader).map_err(Refusal::Words)?;
    text(File::from(fd), path).map_err(Refusal::Words)
}

fn text(file: File, path: &Path) -> Result<String, Safe> {
    let mut bytes = Vec::new();
    let told = |e: &std::io::Error| Safe::of(format!("{}: {e}", path.display()));
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(|e| told(&e))?;
    if bytes.len() as u64 > LIMIT {
        return Err(Safe::of(format!("{} is larger than 1 MiB", path.display())));
    }
    String::from_utf8(bytes)
        .map_err(|e| Safe::of(format!("{} is not UTF-8 (byte {})", path.display(), e.utf8_error().valid_up_to())))
}

/// Every folder above the file: of the path as it is written and, where links lead elsewhere, of where it really is.
fn folders(path: &Path, opened: &Stat) -> std::io::Result<Vec<(PathBuf, Facts)>> {
    let real = path.canonicalize()?;
    let there = stat(&real)?;
    if (there.st_dev, there.st_ino) != (opened.st_dev, opened.st_ino) {
        return Err(std::io::Error::other("replaced while it was read"));
    }
    let written = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.canonicalize()?,
        _ => Path::new(".").canonicalize()?,
    };
    let mut all: Vec<PathBuf> = Vec::new();
    for folder in real.ancestors().skip(1).chain(written.ancestors()) {
        if !all.iter().any(|known| known == folder) {
            all.push(folder.to_owned());
        }
    }
    all.into_iter()
        .map(|folder| {
            let status = stat(&folder)?;
            Ok((folder, facts(&status, true)))
        })
        .collect()
}

fn facts(status: &Stat, regular: bool) -> Facts {
    Facts { owner: status.st_uid, mode: status.st_mode & 0o7777, regular }
}

fn is_regular(status: &Stat) -> bool {
    rustix::fs::FileType::from_raw_mode(status.st_mode) == rustix::fs::FileType::RegularFile
}

/// `discovery.dotenv = false`, looked up before anything is resolved.
fn refuses_dotenv(file: Option<&SourceFile>, places: &Places) -> bool {
    file.is_some_and(|file| !crate::config::resolve::allows_dotenv(file, places.home.as_deref()))
}

fn dotenv(folder: &Path, reader: Reader, notes: &mut Vec<Safe>) -> Option<String> {
    let path = folder.join(".env");
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let fd = open(&path, flags, Mode::empty()).ok()?;
    let status = fstat(&fd).ok().filter(is_regular)?;
    // Its folder may be anybody's; the file itself must at least be ours or root's, and nobody else's to write.
    if let Err(words) = trust::judge(&path, facts(&status, true), &[], reader) {
        notes.push(Safe::of(format!("ignored: {words}")));
        return None;
    }
    match text(File::from(fd), &path) {
        Ok(text) => {
            notes.push(Safe::of("read .env of the current folder: the URL is on loopback"));
            Some(text)
        }
        Err(words) => {
            notes.push(Safe::of(format!("ignored: {words}")));
            None
        }
    }
}
