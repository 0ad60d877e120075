//! Fault 17: certificates that are wrong in every way, and handshakes that stall. Dates are read even so.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use quarterdeck::adapters::http::{HealthProbe, HttpClients};
use quarterdeck::config::resolved::ClientCertificate;
use quarterdeck::domain::cause::Phase;
use quarterdeck::domain::health::HealthReading;
use quarterdeck::domain::{Cause, Verdict};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{probe, spec};
use crate::support::fake_http::{FakeHttp, Step, json};

/// A certificate authority of this test alone.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

fn params(names: &[&str], from_day: i64, to_day: i64) -> CertificateParams {
    let mut params = CertificateParams::new(names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()).unwrap();
    let at = |days: i64| {
        let day = Utc::now() + chrono::TimeDelta::hours(days * 24 + 12);
        std::time::SystemTime::from(day).into()
    };
    (params.not_before, params.not_after) = (at(from_day), at(to_day));
    params
}

fn server_config(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> rustls::ServerConfig {
    rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap()
}

impl Authority {
    pub fn new(name: &str) -> Authority {
        let mut own = params(&[], -10, 1000);
        own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        own.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(own, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Authority { issuer, folder }
    }

    /// The authority's certificate, PEM.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A server whose certificate is for these names and days from now.
    pub fn server(&self, names: &[&str], from_day: i64, to_day: i64) -> rustls::ServerConfig {
        let key = KeyPair::generate().unwrap();
        let mut leaf = params(names, from_day, to_day);
        leaf.distinguished_name.push(DnType::CommonName, "leaf");
        let leaf = leaf.signed_by(&key, &self.issuer).unwrap();
        server_config(vec![leaf.der().clone()], &key)
    }
}

fn ok(_: &str) -> Vec<Step> {
    json(200, r#"{"status":"ok"}"#)
}

async fn read(config: rustls::ServerConfig, ca_file: Option<PathBuf>) -> HealthReading {
    let server = FakeHttp::tls(config, ok);
    let mut secure = spec(&format!("https://localhost:{}/health", server.address().port()));
    secure.ca_file = ca_file;
    let reading = probe(secure).await;
    if reading.result.is_err() {
        assert_eq!(server.requests().len(), 0, "nothing is sent to a server that is not trusted");
    }
    reading
}

fn days_left(reading: &HealthReading) -> i64 {
    reading.certificate.as_ref().expect("dates are read in any case").days_left(Utc::now())
}

#[tokio::test]
async fn a_trusted_certificate_shows_its_dates() {
    let authority = Authority::new("Test CA");
    let server = FakeHttp::tls(authority.server(&["localhost"], -1, 12), ok);
    let mut secure = spec(&format!("https://localhost:{}/health", server.address().port()));
    secure.ca_file = Some(authority.file());
    let mut probe = HealthProbe::new(secure, &HttpClients::new());
    for _ in 0..3 {
        let reading = probe.read().await;
        assert_eq!(reading.verdict(), Verdict::Ok, "{:?}", reading.result);
        assert_eq!(days_left(&reading), 12, "over a kept connection, too");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn expired() {
    let authority = Authority::new("Test CA");
    let reading = read(authority.server(&["localhost"], -30, -3), Some(authority.file())).await;
    assert_eq!(reading.result.as_ref().unwrap_err(), &Cause::CertificateExpired { days_ago: 2 });
    assert_eq!((days_left(&reading), reading.verdict()), (-3, Verdict::Down));
}

#[tokio::test]
async fn not_yet_valid() {
    let authority = Authority::new("Test CA");
    let reading = read(authority.server(&["localhost"], 3, 90), Some(authority.file())).await;
    assert!(matches!(reading.result, Err(Cause::CertificateNotYetValid { in_days: 3 })), "{:?}", reading.result);
    assert_eq!(days_left(&reading), 90);
}

#[tokio::test]
async fn for_another_host() {
    let authority = Authority::new("Test CA");
    let reading = read(authority.server(&["elsewhere.test"], -1, 90), Some(authority.file())).await;
    assert_eq!(reading.result.as_ref().unwrap_err(), &Cause::CertificateWrongHost { wanted: "localhost".into() });
    assert_eq!(days_left(&reading), 90);
}

#[tokio::test]
async fn from_an_authority_nobody_knows() {
    let reading = read(Authority::new("Test CA").server(&["localhost"], -1, 90), None).await;
    match reading.result.as_ref().unwrap_err() {
        Cause::CertificateUnknownIssuer { issuer } => assert!(issuer.as_str().contains("Test CA"), "{issuer}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(days_left(&reading), 90);
}

#[tokio::test]
async fn self_signed_then_named() {
    for is_ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut own = params(&["localhost"], -1, 90);
        own.is_ca = is_ca;
        let own = own.self_signed(&key).unwrap();
        let reading = read(server_config(vec![own.der().clone()], &key), None).await;
        assert_eq!(reading.result.as_ref().unwrap_err(), &Cause::CertificateSelfSigned);
        assert_eq!(days_left(&reading), 90);

        let file = folder.path().join("own.pem");
        std::fs::write(&file, own.pem()).unwrap();
        let named = read(server_config(vec![own.der().clone()], &key), Some(file)).await;
        assert_eq!(named.verdict(), Verdict::Ok, "trusted where the configuration names it: {:?}", named.result);
    }
}

#[tokio::test]
async fn a_named_certificate_must_still_fit() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.pem");
    let key = KeyPair::generate().unwrap();
    let expired = |cause: &Cause| matches!(cause, Cause::CertificateExpired { days_ago: 2 | 3 });
    let elsewhere = |cause: &Cause| matches!(cause, Cause::CertificateWrongHost { .. });
    type Told = fn(&Cause) -> bool;
    let cases: [([&str; 1], i64, i64, Told); 2] =
        [(["elsewhere.test"], -1, 90, elsewhere), (["localhost"], -30, -3, expired)];
    for (names, from_day, to_day, told) in cases {
        let mut own = params(&names, from_day, to_day);
        own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let own = own.self_signed(&key).unwrap();
        std::fs::write(&file, own.pem()).unwrap();
        let reading = read(server_config(vec![own.der().clone()], &key), Some(file.clone())).await;
        assert!(reading.result.as_ref().is_err_and(told), "{names:?} {to_day}: {:?}", reading.result);
        assert_eq!(reading.verdict(), Verdict::Down, "{names:?} {to_day}");
    }
}

/// An RSA key in name only: what it signs is never verified, since the algorithm is refused before.
struct NominalRsa;

impl rcgen::PublicKeyData for NominalRsa {
    fn der_bytes(&self) -> &[u8] {
        &[0x30, 0x06, 0x02, 0x01, 0x03, 0x02, 0x01, 0x03]
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

impl rcgen::SigningKey for NominalRsa {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(vec![1; 256])
    }
}

#[tokio::test]
async fn signed_with_sha_1() {
    const RSA_WITH: [u8; 8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
    let mut own = params(&[], -10, 1000);
    own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    own.distinguished_name.push(DnType::CommonName, "Old CA");
    let issuer = CertifiedIssuer::self_signed(own, NominalRsa).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, issuer.pem()).unwrap();

    let key = KeyPair::generate().unwrap();
    let mut leaf = params(&["localhost"], -1, 90).signed_by(&key, &issuer).unwrap().der().to_vec();
    for at in 0..leaf.len() - RSA_WITH.len() {
        if leaf[at..].starts_with(&RSA_WITH) && leaf[at + RSA_WITH.len()] == 0x0b {
            leaf[at + RSA_WITH.len()] = 0x05; // sha256WithRSAEncryption becomes sha1WithRSAEncryption
        }
    }
    let reading = read(server_config(vec![leaf.into()], &key), Some(file)).await;
    assert_eq!(reading.result.as_ref().unwrap_err(), &Cause::CertificateWeakSignature);
    assert_eq!(days_left(&reading), 90);
}

#[tokio::test]
async fn a_handshake_that_stalls() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut hasty = spec(&format!("https://{}/health", listener.local_addr().unwrap()));
    hasty.deadline = Duration::from_millis(300);
    let cause = probe(hasty).await.result.unwrap_err();
    assert_eq!(cause, Cause::Timeout { phase: Phase::Tls, after: Duration::from_millis(300) });
}

#[tokio::test]
async fn a_handshake_that_breaks() {
    let plain = FakeHttp::start(ok);
    let port = plain.address().port();
    let _gone = std::thread::spawn(move || drop(plain));
    let cause = probe(spec(&format!("https://127.0.0.1:{port}/health"))).await.result.unwrap_err();
    assert!(matches!(cause, Cause::Tls(_) | Cause::Refused { .. } | Cause::ConnectionLost(_)), "{cause:?}");
    let talker = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = talker.local_addr().unwrap();
    let talks = std::thread::spawn(move || {
        use std::io::Write;
        let (mut stream, _) = talker.accept().unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        stream
    });
    let cause = probe(spec(&format!("https://{address}/health"))).await.result.unwrap_err();
    assert_eq!(cause, Cause::Tls("the server does not speak TLS on this port".into()));
    drop(talks.join().unwrap());
}

#[tokio::test]
async fn our_own_certificate() {
    let authority = Authority::new("Test CA");
    let folder = tempfile::tempdir().unwrap();
    let key = KeyPair::generate().unwrap();
    let own = params(&["client.test"], -1, 90).signed_by(&key, &authority.issuer).unwrap();
    let (certificate, key_file) = (folder.path().join("own.pem"), folder.path().join("own.key"));
    std::fs::write(&certificate, own.pem()).unwrap();
    std::fs::write(&key_file, key.serialize_pem()).unwrap();

    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.issuer.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let asks_for_one =
        rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let server_key = KeyPair::generate().unwrap();
    let leaf = params(&["localhost"], -1, 90).signed_by(&server_key, &authority.issuer).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(asks_for_one.build().unwrap())
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::try_from(server_key.serialize_der()).unwrap())
        .unwrap();
    let server = FakeHttp::tls(config, ok);
    let mut secure = spec(&format!("https://localhost:{}/health", server.address().port()));
    secure.ca_file = Some(authority.file());
    let without = probe(secure.clone()).await;
    assert!(matches!(without.result, Err(Cause::Tls(_) | Cause::ConnectionLost(_))), "{:?}", without.result);
    secure.client_certificate = Some(ClientCertificate { certificate, key: key_file.clone() });
    assert_eq!(probe(secure.clone()).await.verdict(), Verdict::Ok);
    std::fs::remove_file(&key_file).unwrap();
    assert!(matches!(probe(secure).await.result, Err(Cause::Misconfigured(_))));
}
