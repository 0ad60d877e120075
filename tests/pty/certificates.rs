//! Fault 47 for certificates: hostile subjects and issuers, trusted and not, on the screen, in the details and in a pipe.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, DnValue, IsCa, KeyPair, string::BmpString};
use rustls::pki_types::PrivateKeyDer;

use crate::escapes::{leaks, leaks_of_text};
use crate::fake_http::{FakeHttp, json};
use crate::hostile::texts;
use crate::pty::{BINARY, Start};

const SIZE: (u16, u16) = (250, 60);
/// Longer ones are cut before their end.
const LONGEST: usize = 60;

/// A name of a certificate in one of its two encodings for any text.
fn value(text: &str, number: usize) -> DnValue {
    match BmpString::try_from(text) {
        Ok(wide) if number % 3 == 2 => DnValue::BmpString(wide),
        _ => DnValue::Utf8String(text.to_owned()),
    }
}

fn named(params: &mut CertificateParams, text: &str, number: usize) {
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, value(text, number));
    params.distinguished_name.push(DnType::OrganizationName, value(text, number));
}

/// A server whose certificate, and whose authority, have this name; the authority, as PEM.
fn server(text: &str, number: usize) -> (FakeHttp, String) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    named(&mut authority, text, number);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let mut leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    named(&mut leaf, text, number);
    // Of the authority's very name it would be taken for self-signed.
    leaf.distinguished_name.push(DnType::OrganizationalUnitName, "leaf");
    let key = KeyPair::generate().unwrap();
    let leaf = leaf.signed_by(&key, &authority).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    (FakeHttp::tls(config, |_| json(200, r#"{"status":"ok"}"#)), authority.pem())
}

#[test]
fn nothing_hostile_in_a_certificate_gets_through() {
    let start = Start::new(&["--config", "wall.toml"]).size(SIZE.0, SIZE.1);
    let mut toml = String::new();
    let mut servers = Vec::new();
    for (number, text) in texts().into_iter().filter(|text| text.len() <= LONGEST).enumerate() {
        let (server, authority) = server(&text, number);
        let url = format!("https://localhost:{}/health", server.address().port());
        toml += &format!("[[service]]\nname = \"s{number}\"\nurl = \"{url}\"\ninterval = \"1h\"\n");
        // Every other one is trusted: its names stand in the details alone.
        if number % 2 == 0 {
            let file = start.world().join(format!("{number}.pem"));
            fs::write(&file, authority).unwrap();
            toml += &format!("ca_file = {file:?}\n");
        }
        servers.push(server);
    }
    fs::write(start.world().join("wall.toml"), toml).unwrap();
    let mut session = start.run();
    session.press("2", "2 S");
    // Once refused is not yet down.
    let (refused, ok) = (servers.len() / 2, servers.len().div_ceil(2));
    session.wait_for(&format!("{refused} unknown {ok} ok"));
    let mut shown = Vec::new();
    for _ in 0..servers.len() {
        session.send("j");
        session.press("\r", "subject");
        shown.push(session.screen());
        session.send("q");
        session.wait_gone("subject");
    }
    // Control characters are escaped as names of certificates are, what hides or turns text as everywhere.
    for attack in [r"CN=\1b[2J", r"CN=\x9b5A", r"CN=\u{202e}dorp"] {
        let is_shown = |screen: &String| screen.lines().any(|l| l.contains("subject") && l.contains(attack));
        assert!(shown.iter().any(is_shown), "{attack} was never shown");
    }
    session.send("\x03");
    assert_eq!(session.exit_code(), 0);
    session.assert_restored();
    let folder = session.world().to_owned();
    {
        let seen = session.seen();
        assert_eq!(leaks(&seen.bytes, SIZE.0, SIZE.1, 0), [""; 0]);
        assert_eq!(seen.asked(), [""; 0]);
    }
    for form in [&[][..], &["--json"]] {
        let mut command = Command::new(BINARY);
        command.args(["check", "--sample", "100ms", "--config", "wall.toml"]).args(form);
        command.env_clear().env("HOME", &folder).current_dir(&folder).stdin(Stdio::null());
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert_eq!(leaks_of_text(&output.stdout), [""; 0]);
        assert_eq!(leaks_of_text(&output.stderr), [""; 0]);
        let text = String::from_utf8(output.stdout).unwrap();
        let authorities = text.matches("unknown authority").count();
        assert!(authorities >= servers.len() / 2, "{authorities} issuers are named: {text}");
    }
}
