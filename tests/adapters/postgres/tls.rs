//! `sslmode` against a real server with a certificate of a local authority: right and wrong in every mode.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use quarterdeck::domain::Cause;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use super::{DEADLINE, SUPERUSER, read, source};
use crate::support::postgres_server::{PostgresServer, give_away};

struct Certificates {
    server: PostgresServer,
    folder: tempfile::TempDir,
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

impl Certificates {
    fn start() -> Certificates {
        let folder = tempfile::tempdir().unwrap();
        let (ours, other) = (authority("our CA"), authority("another CA"));
        fs::write(folder.path().join("ca.pem"), ours.pem()).unwrap();
        fs::write(folder.path().join("other.pem"), other.pem()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &ours).unwrap();
        let server = PostgresServer::start(&[]);
        let write = |name: &str, text: &str| {
            let path = server.data().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            give_away(&path);
        };
        write("server.crt", &certificate.pem());
        write("server.key", &key.serialize_pem());
        write("ca.pem", &ours.pem());
        server.configure("ssl = on\nssl_ca_file = 'ca.pem'");
        // A person of that name, certified by our authority.
        let key = KeyPair::generate().unwrap();
        let mut person = CertificateParams::default();
        person.distinguished_name.push(DnType::CommonName, "certonly");
        fs::write(folder.path().join("person.pem"), person.signed_by(&key, &ours).unwrap().pem()).unwrap();
        fs::write(folder.path().join("person.key"), key.serialize_pem()).unwrap();
        fs::write(
            server.data().join("pg_hba.conf"),
            "hostssl all certonly 127.0.0.1/32 cert\nhostssl all tlsonly 127.0.0.1/32 scram-sha-256\nhostnossl all plainonly 127.0.0.1/32 trust\n\
             host all tlsonly,plainonly 127.0.0.1/32 reject\nhost all all 127.0.0.1/32 trust\n",
        )
        .unwrap();
        server.restart();
        server.sql(
            "postgres",
            "CREATE ROLE tlsonly LOGIN PASSWORD 'p'; CREATE ROLE plainonly LOGIN; CREATE ROLE certonly LOGIN",
        );
        Certificates { server, folder }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn dsn(&self, host: &str, mode: &str, root: Option<&Path>) -> String {
        let root = root.map(|path| format!(" sslrootcert={}", path.display())).unwrap_or_default();
        format!(
            "host={host} hostaddr=127.0.0.1 port={} user={SUPERUSER} dbname=postgres sslmode={mode}{root}",
            self.server.port()
        )
    }

    fn encrypted(&self) -> bool {
        let sql = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'quarterdeck'";
        self.server.sql("postgres", sql) == "t"
    }
}

#[tokio::test]
async fn every_mode_means_what_libpq_means() {
    let certificates = Certificates::start();
    let (ours, other) = (certificates.file("ca.pem"), certificates.file("other.pem"));
    let good: [(&str, &str, Option<&Path>, bool); 7] = [
        ("localhost", "disable", None, false),
        ("localhost", "prefer", None, true),
        ("elsewhere", "require", None, true),
        ("elsewhere", "require", Some(&ours), true),
        ("elsewhere", "verify-ca", Some(&ours), true),
        ("localhost", "verify-full", Some(&ours), true),
        ("localhost", "allow", None, false),
    ];
    for (host, mode, root, encrypted) in good {
        let mut source = source(&certificates.dsn(host, mode, root));
        read(&mut source).await;
        assert_eq!(certificates.encrypted(), encrypted, "{host} {mode}");
        drop(source);
        // Gone before the next one is looked at.
        let ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'quarterdeck'";
        while certificates.server.sql("postgres", ours) != "0" {}
    }
    let wrong = |host: &'static str, mode: &'static str, root: Option<PathBuf>| {
        let dsn = certificates.dsn(host, mode, root.as_deref());
        async move { source(&dsn).read(DEADLINE).await.unwrap_err() }
    };
    let cause = wrong("elsewhere", "verify-full", Some(ours.clone())).await;
    assert!(matches!(&cause, Cause::CertificateWrongHost { wanted } if wanted.as_str() == "elsewhere"), "{cause}");
    for mode in ["require", "verify-ca", "verify-full"] {
        let cause = wrong("localhost", mode, Some(other.clone())).await;
        assert!(matches!(cause, Cause::CertificateUnknownIssuer { .. }), "{mode}: {cause}");
    }
    let cause = wrong("localhost", "verify-full", Some(certificates.file("missing.pem"))).await;
    assert!(matches!(&cause, Cause::Misconfigured(w) if w.as_str().contains("missing.pem")), "{cause}");
}

#[tokio::test]
async fn what_the_server_insists_on_is_found() {
    let certificates = Certificates::start();
    let dsn = |user: &str, mode: &str| {
        format!("postgresql://{user}@127.0.0.1:{}/postgres?sslmode={mode}", certificates.server.port())
    };
    let mut allowing = source(&dsn("tlsonly:p", "allow"));
    read(&mut allowing).await;
    assert!(certificates.encrypted(), "allow goes over to TLS, and the login binds itself to it");
    read(&mut source(&dsn("tlsonly:p", "require"))).await;
    read(&mut source(&dsn("plainonly", "prefer"))).await;
    let cause = source(&dsn("tlsonly:p", "disable")).read(DEADLINE).await.unwrap_err();
    assert!(matches!(cause, Cause::AuthenticationFailed(_)), "{cause}");
    let cause = source(&dsn("tlsonly:wrong", "prefer")).read(DEADLINE).await.unwrap_err();
    assert!(matches!(cause, Cause::AuthenticationFailed(_)), "{cause}");
}

#[tokio::test]
async fn a_server_without_tls_is_said_to_have_none() {
    let server = PostgresServer::shared();
    let dsn = format!("postgresql://{SUPERUSER}@127.0.0.1:{}/postgres?sslmode=require", server.port());
    assert_eq!(source(&dsn).read(DEADLINE).await.unwrap_err(), Cause::TlsNotOffered);
}

#[tokio::test]
async fn a_query_over_tls_is_cancelled_too() {
    let certificates = Certificates::start();
    let mut source = source(&certificates.dsn("localhost", "verify-full", Some(&certificates.file("ca.pem"))));
    read(&mut source).await;
    let outcome = source.read(std::time::Duration::ZERO).await;
    assert!(matches!(outcome, Err(Cause::Timeout { .. })), "{outcome:?}");
    read(&mut source).await;
}

#[tokio::test]
async fn a_login_by_certificate_shows_ours() {
    let certificates = Certificates::start();
    let with = |person: &str| {
        let (ca, file) = (certificates.file("ca.pem"), |name: &str| certificates.file(name).display().to_string());
        format!(
            "host=localhost hostaddr=127.0.0.1 port={} user=certonly dbname=postgres sslmode=verify-full sslrootcert={} {}",
            certificates.server.port(),
            ca.display(),
            if person.is_empty() {
                String::new()
            } else {
                format!("sslcert={} sslkey={}", file("person.pem"), file(person))
            }
        )
    };
    read(&mut source(&with("person.key"))).await;
    let cause = source(&with("")).read(DEADLINE).await.unwrap_err();
    assert!(matches!(&cause, Cause::AuthenticationFailed(_)), "without one: {cause}");
    let cause = source(&with("missing.key")).read(DEADLINE).await.unwrap_err();
    assert!(matches!(&cause, Cause::Misconfigured(w) if w.as_str().contains("missing.key")), "{cause}");
    fs::write(certificates.file("foreign.key"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let cause = source(&with("foreign.key")).read(DEADLINE).await.unwrap_err();
    assert!(matches!(&cause, Cause::Misconfigured(w) if w.as_str().contains("key")), "{cause}");
}

#[tokio::test]
async fn the_systems_authorities_do_not_vouch_for_ours() {
    let certificates = Certificates::start();
    let dsn = certificates.dsn("localhost", "verify-full", Some(Path::new("system")));
    let cause = source(&dsn).read(DEADLINE).await.unwrap_err();
    assert!(
        matches!(&cause, Cause::CertificateUnknownIssuer { issuer } if issuer.as_str().contains("our CA")),
        "the issuer is named: {cause}"
    );
}

#[tokio::test]
async fn a_self_signed_server_certificate_can_be_named_itself() {
    let certificates = Certificates::start();
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap().pem();
    fs::write(certificates.server.data().join("server.crt"), &own).unwrap();
    fs::write(certificates.server.data().join("server.key"), key.serialize_pem()).unwrap();
    certificates.server.restart();
    fs::write(certificates.file("own.pem"), own).unwrap();
    let named = Some(certificates.file("own.pem"));
    for (host, mode) in [("localhost", "verify-full"), ("elsewhere", "verify-ca")] {
        read(&mut source(&certificates.dsn(host, mode, named.as_deref()))).await;
    }
    let cause =
        source(&certificates.dsn("elsewhere", "verify-full", named.as_deref())).read(DEADLINE).await.unwrap_err();
    assert!(matches!(cause, Cause::CertificateWrongHost { .. }), "the name is still checked: {cause}");
    let other = certificates.file("other.pem");
    let cause = source(&certificates.dsn("localhost", "verify-full", Some(&other))).read(DEADLINE).await.unwrap_err();
    assert_eq!(cause, Cause::CertificateSelfSigned);
}
