//! An HTTP server that does exactly what it is told, however wrong: hangs, drips, never ends, lies, speaks TLS with any
//! certificate. One thread per connection on a free loopback port; all of it ends when it is dropped.
#![allow(dead_code, reason = "each test file uses its part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// One step of an answer.
#[derive(Clone)]
pub enum Step {
    /// These bytes.
    Bytes(Vec<u8>),
    /// Nothing more, until the client goes away.
    Hang,
    /// These bytes, one at a time with a pause before each, again and again.
    Drip(&'static [u8], Duration),
    /// These bytes, as fast as they go, until the client goes away.
    Endless(Vec<u8>),
    /// What this makes, piece by piece until there is none; the bytes that the client's side took are counted.
    Made(Arc<dyn Fn(usize) -> Option<Vec<u8>> + Send + Sync>, Arc<AtomicUsize>),
    /// The connection ends.
    Close,
}

/// What is done with one request.
pub type Script = Arc<dyn Fn(&str) -> Vec<Step> + Send + Sync>;

/// The server.
pub struct FakeHttp {
    address: SocketAddr,
    ending: Arc<AtomicBool>,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl FakeHttp {
    /// Serves `script` (head of the request in, steps out) on 127.0.0.1.
    pub fn start(script: impl Fn(&str) -> Vec<Step> + Send + Sync + 'static) -> FakeHttp {
        FakeHttp::start_on(Ipv4Addr::LOCALHOST.into(), None, Arc::new(script))
    }

    /// The same answer to every request.
    pub fn always(steps: Vec<Step>) -> FakeHttp {
        FakeHttp::start(move |_| steps.clone())
    }

    /// Over TLS.
    pub fn tls(config: rustls::ServerConfig, script: impl Fn(&str) -> Vec<Step> + Send + Sync + 'static) -> FakeHttp {
        FakeHttp::start_on(Ipv4Addr::LOCALHOST.into(), Some(Arc::new(config)), Arc::new(script))
    }

    /// On any loopback address.
    pub fn start_on(address: IpAddr, tls: Option<Arc<rustls::ServerConfig>>, script: Script) -> FakeHttp {
        let listener = TcpListener::bind((address, 0)).unwrap();
        let server = FakeHttp {
            address: listener.local_addr().unwrap(),
            ending: Arc::default(),
            connections: Arc::default(),
            requests: Arc::default(),
            open: Arc::default(),
        };
        let (ending, connections) = (Arc::clone(&server.ending), Arc::clone(&server.connections));
        let (requests, open) = (Arc::clone(&server.requests), Arc::clone(&server.open));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { continue };
                if ending.load(Ordering::SeqCst) {
                    return;
                }
                connections.fetch_add(1, Ordering::SeqCst);
                open.lock().unwrap().push(stream.try_clone().unwrap());
                let (script, tls, requests) = (Arc::clone(&script), tls.clone(), Arc::clone(&requests));
                thread::spawn(move || {
                    let raw = stream.try_clone().unwrap();
                    serve(stream, tls, &script, &requests);
                    let _gone_already = raw.shutdown(std::net::Shutdown::Both);
                });
            }
        });
        server
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:port` and this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Heads of the requests so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// Breaks every open connection off.
    pub fn hang_up(&self) {
        for stream in self.open.lock().unwrap().drain(..) {
            let _gone_already = stream.shutdown(std::net::Shutdown::Both);
        }
    }
}

impl Drop for FakeHttp {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::SeqCst);
        let _wakes_the_listener = TcpStream::connect(self.address);
        self.hang_up();
    }
}

/// A whole answer with `Content-Length`.
pub fn answer(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Vec<Step> {
    let body = body.as_ref();
    let mut bytes = format!("HTTP/1.1 {status} x\r\n{headers}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    vec![Step::Bytes(bytes)]
}

/// A whole answer that declares JSON.
pub fn json(status: u16, body: &str) -> Vec<Step> {
    answer(status, "Content-Type: application/json\r\n", body)
}

fn serve(stream: TcpStream, tls: Option<Arc<rustls::ServerConfig>>, script: &Script, requests: &Mutex<Vec<String>>) {
    match tls {
        None => converse(stream, script, requests),
        Some(config) => {
            let connection = rustls::ServerConnection::new(config).unwrap();
            converse(rustls::StreamOwned::new(connection, stream), script, requests);
        }
    }
}

/// Requests and answers, until one side has enough.
fn converse(stream: impl Read + Write, script: &Script, requests: &Mutex<Vec<String>>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = String::new();
        loop {
            match stream.read_line(&mut head) {
                Ok(0) | Err(_) => return,
                Ok(_) if head.ends_with("\r\n\r\n") => break,
                Ok(_) => {}
            }
        }
        requests.lock().unwrap().push(head.clone());
        for step in script(&head) {
            if !act(&mut stream, step) {
                return;
            }
        }
    }
}

fn act(stream: &mut BufReader<impl Read + Write>, step: Step) -> bool {
    let out = stream.get_mut();
    match step {
        Step::Bytes(bytes) => out.write_all(&bytes).and_then(|()| out.flush()).is_ok(),
        Step::Hang => {
            let mut rest = [0; 512];
            while stream.read(&mut rest).is_ok_and(|n| n > 0) {}
            false
        }
        Step::Drip(bytes, pause) => loop {
            for byte in bytes {
                thread::sleep(pause);
                if out.write_all(&[*byte]).and_then(|()| out.flush()).is_err() {
                    return false;
                }
            }
        },
        Step::Endless(bytes) => {
            while out.write_all(&bytes).is_ok() {}
            false
        }
        Step::Made(make, taken) => {
            for piece in (0..).map_while(|at| make(at)) {
                if out.write_all(&piece).is_err() {
                    return false;
                }
                taken.fetch_add(piece.len(), Ordering::SeqCst);
            }
            out.flush().is_ok()
        }
        Step::Close => false,
    }
}

/// A gzip stream of `length` zero bytes, about a hundred and sixty times smaller; its checksum is wrong on purpose,
/// since nobody should read that far.
pub fn gzip_bomb(length: usize) -> Vec<u8> {
    let mut bits: Vec<bool> = vec![true, true, false]; // last block, fixed codes
    let mut code = |value: u32, width: u32| bits.extend((0..width).rev().map(|at| value >> at & 1 == 1));
    code(0b0011_0000, 8); // one literal zero
    for _ in 0..length / 258 {
        code(0b1100_0101, 8); // a match of 258 bytes …
        code(0, 5); // … at distance 1
    }
    code(0, 7);
    let packed = bits.chunks(8).map(|byte| byte.iter().enumerate().map(|(at, bit)| u8::from(*bit) << at).sum::<u8>());
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    out.extend(packed);
    out.extend([0; 8]);
    out
}

/// A correct gzip stream that stores `body` as it is.
pub fn gzip(body: &[u8]) -> Vec<u8> {
    let mut crc = !0u32;
    for byte in body {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    let length = u16::try_from(body.len()).unwrap();
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    out.extend(length.to_le_bytes());
    out.extend((!length).to_le_bytes());
    out.extend(body);
    out.extend((!crc).to_le_bytes());
    out.extend(u32::from(length).to_le_bytes());
    out
}
