//! From loose parameters, `PG*` and libpq's defaults to a `DatabaseTarget`.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::settings::Settings;
use super::{Lookup, Parsed, options, tls};
use crate::config::resolved::{DatabaseHost, DatabaseTarget, SessionAttributes};
use crate::domain::secret::{Secret, SecretRef};

/// Where Debian, Fedora and others put the server's socket.
const SOCKET_FOLDER: &str = "/var/run/postgresql";
/// PostgreSQL's port.
const PORT: u16 = 5432;
/// Most hosts of one target.
const MOST_HOSTS: usize = 32;

/// Understood by libpq or another driver, without meaning for readings; the reason goes into the note.
const WITHOUT_MEANING: [(&str, &str); 9] = [
    ("application_name", "we say quarterdeck, so that we can be told apart"),
    ("fallback_application_name", "we say quarterdeck, so that we can be told apart"),
    ("connect_timeout", "every reading has one deadline over everything"),
    ("client_encoding", "we speak UTF-8"),
    ("channel_binding", "it is used where the server offers it"),
    ("gssencmode", "GSS encryption is not supported"),
    ("sslpassword", "keys with a passphrase are not supported"),
    ("sslcrl", "revocation lists are not read"),
    ("load_balance_hosts", "hosts are tried in the order given"),
];

/// Builds the target.
pub fn target(mut given: Settings, env: Lookup<'_>, home: Option<&Path>) -> Result<Parsed, String> {
    let env = |name: &str| env(name).filter(|value| !value.is_empty());
    service(&mut given, &env)?;
    let mut take = |names: &[&str], variable: &str| given.take(names).or_else(|| env(variable));
    let host = take(&["host"], "PGHOST");
    let address = take(&["hostaddr"], "PGHOSTADDR");
    let port = take(&["port"], "PGPORT");
    let user = take(&["user", "username"], "PGUSER").or_else(|| env("USER")).or_else(|| env("LOGNAME"));
    let user = user.ok_or("no user: write user@ before the host, or set PGUSER")?;
    let database = take(&["dbname", "database"], "PGDATABASE").unwrap_or_else(|| user.clone());
    let password = take(&["password"], "PGPASSWORD").map(|text| SecretRef::Inline(Secret::new(text)));
    let passfile = take(&["passfile"], "PGPASSFILE").map(PathBuf::from);
    let attributes = take(&["target_session_attrs", "targetServerType"], "PGTARGETSESSIONATTRS");
    let server_options = take(&["options"], "PGOPTIONS");
    let schema = given.take(&["schema", "currentSchema", "search_path"]);
    let pooler = given.take(&["pgbouncer"]).map(|value| read_bool("pgbouncer", &value)).transpose()?;
    let tls = tls::take(&mut given, &env)?;
    let from_options = server_options.and_then(|text| options::search_path(&text, &mut given));
    note_the_rest(&mut given);
    let target = DatabaseTarget {
        hosts: hosts(host.as_deref(), address.as_deref(), port.as_deref())?,
        user,
        database,
        password,
        passfile: passfile.or_else(|| home.map(|home| home.join(".pgpass"))),
        ssl_mode: tls.mode,
        ssl_root_certificate: tls.root,
        ssl_client: tls.client,
        session_attributes: attributes.map_or(Ok(SessionAttributes::Any), |text| read_attributes(&text))?,
        search_path: schema.or(from_options),
        pooler: pooler.unwrap_or(false),
    };
    Ok((target, given.notes))
}

/// Service files are not read: better said than half done.
fn service(given: &mut Settings, env: Lookup<'_>) -> Result<(), String> {
    if let Some(name) = given.take(&["service"]) {
        return Err(format!("service={name}: pg_service.conf is not read; write host, port, user and dbname out"));
    }
    if let Some(name) = env("PGSERVICE") {
        given.note(format!("PGSERVICE={name} is ignored: pg_service.conf is not read"));
    }
    Ok(())
}

fn note_the_rest(given: &mut Settings) {
    let mut names: Vec<String> = given.left_over().map(str::to_owned).collect();
    names.dedup();
    for name in names {
        let known = WITHOUT_MEANING.iter().find(|(known, _)| known.eq_ignore_ascii_case(&name));
        match known {
            Some((name, why)) => given.note(format!("{name} is ignored: {why}")),
            None => given.note(format!("parameter {name} is ignored: it is not libpq's")),
        }
    }
}

fn hosts(host: Option<&str>, address: Option<&str>, port: Option<&str>) -> Result<Vec<DatabaseHost>, String> {
    let names: Vec<&str> = host.map(|text| text.split(',').collect()).unwrap_or_default();
    let addresses = address.map(read_addresses).transpose()?.unwrap_or_default();
    if !names.is_empty() && !addresses.is_empty() && names.len() != addresses.len() {
        return Err(format!("host names {} servers and hostaddr {}: they must match", names.len(), addresses.len()));
    }
    let count = names.len().max(addresses.len());
    if count > MOST_HOSTS {
        return Err(format!("{count} hosts; at most {MOST_HOSTS} are tried"));
    }
    let ports = read_ports(port, count.max(1))?;
    if count == 0 {
        let port = ports.first().copied().unwrap_or(PORT);
        return Ok(default_hosts(port));
    }
    let mut all = Vec::with_capacity(count);
    for (at, port) in ports.into_iter().enumerate() {
        let name = names.get(at).map(|n| n.trim()).filter(|n| !n.is_empty());
        let address = addresses.get(at).copied().flatten();
        match (name, address) {
            (Some(name), None) if name.starts_with(['/', '@']) => {
                all.push(DatabaseHost::Unix { folder: PathBuf::from(name), port });
            }
            (name, Some(address)) => {
                let host = name.map_or_else(|| address.to_string(), str::to_owned);
                all.push(DatabaseHost::Tcp { host, address: Some(address), port });
            }
            (Some(name), None) => all.push(DatabaseHost::Tcp { host: name.to_owned(), address: None, port }),
            (None, None) => all.extend(default_hosts(port)),
        }
    }
    Ok(all)
}

/// Without a host libpq takes the local socket where it was built to have one, else localhost.
fn default_hosts(port: u16) -> Vec<DatabaseHost> {
    vec![
        DatabaseHost::Unix { folder: PathBuf::from(SOCKET_FOLDER), port },
        DatabaseHost::Tcp { host: "localhost".to_owned(), address: None, port },
    ]
}

fn read_addresses(text: &str) -> Result<Vec<Option<IpAddr>>, String> {
    let read = |one: &str| match one.trim() {
        "" => Ok(None),
        one => {
            one.parse().map(Some).map_err(|_not| format!("hostaddr {one} is not an IP address; a name goes into host"))
        }
    };
    text.split(',').map(read).collect()
}

fn read_ports(text: Option<&str>, count: usize) -> Result<Vec<u16>, String> {
    let read = |one: &str| match one.trim() {
        "" => Ok(PORT),
        one => match one.parse::<u16>() {
            Ok(port) if port > 0 => Ok(port),
            _ => Err(format!("port {one} is not a number from 1 to 65535")),
        },
    };
    let ports: Vec<u16> = text.unwrap_or("").split(',').map(read).collect::<Result<_, String>>()?;
    match ports.as_slice() {
        [one] => Ok(vec![*one; count]),
        many if many.len() == count => Ok(ports),
        many => Err(format!("{} ports for {count} hosts: give one, or one for each", many.len())),
    }
}

fn read_attributes(text: &str) -> Result<SessionAttributes, String> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "any" => SessionAttributes::Any,
        "read-write" => SessionAttributes::ReadWrite,
        "read-only" => SessionAttributes::ReadOnly,
        "primary" | "master" => SessionAttributes::Primary,
        "standby" | "secondary" => SessionAttributes::Standby,
        "prefer-standby" | "prefersecondary" => SessionAttributes::PreferStandby,
        _ => {
            return Err(format!(
                "target_session_attrs={text} is not known; allowed: any, read-write, read-only, primary, standby, prefer-standby"
            ));
        }
    })
}

fn read_bool(name: &str, value: &str) -> Result<bool, String> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "on" | "yes" | "t" => Ok(true),
        "false" | "0" | "off" | "no" | "f" => Ok(false),
        _ => Err(format!("{name}={value} is neither true nor false")),
    }
}
