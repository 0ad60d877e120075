//! Chance: passwords and names from the kernel, and cheap dice for the load.

use std::{collections::BTreeSet, fs::File, io::Read, net::TcpListener};

use super::error::{DemoError, Doing};

fn kernel_bytes<const N: usize>() -> Result<[u8; N], DemoError> {
    let mut bytes = [0; N];
    File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).doing("read /dev/urandom")?;
    Ok(bytes)
}

/// Sixteen random bytes as hexadecimal digits: a password, or a request's id.
pub fn secret() -> Result<String, DemoError> {
    Ok(format!("{:032x}", u128::from_le_bytes(kernel_bytes()?)))
}

/// Cheap, repeatable chance (xorshift): for the load, not for secrets.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice with a seed from the kernel.
    pub fn new() -> Result<Self, DemoError> {
        Ok(Self(u64::from_le_bytes(kernel_bytes()?) | 1))
    }

    /// The next raw number.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `end` (which is not zero).
    pub fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 11) % end.max(1)
    }
}

/// Free ports on loopback, below the range from which outgoing connections get theirs.
#[derive(Debug)]
pub struct Ports {
    dice: Dice,
    given: BTreeSet<u16>,
}

impl Ports {
    /// None given yet.
    pub fn new() -> Result<Self, DemoError> {
        Ok(Self { dice: Dice::new()?, given: BTreeSet::new() })
    }

    /// A port that was free a moment ago and that was not given before.
    pub fn free(&mut self) -> Result<u16, DemoError> {
        for _ in 0..500 {
            let port = 20_000 + self.dice.below(12_000) as u16;
            if !self.given.contains(&port) && TcpListener::bind(("127.0.0.1", port)).is_ok() {
                self.given.insert(port);
                return Ok(port);
            }
        }
        Err(DemoError::new("cannot find a free port on 127.0.0.1"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_free_and_never_given_twice() {
        let mut ports = Ports::new().unwrap();
        let given: BTreeSet<u16> = (0..20).map(|_| ports.free().unwrap()).collect();
        assert_eq!(given.len(), 20);
        assert!(given.iter().all(|port| (20_000..32_000).contains(port)));
    }

    #[test]
    fn secrets_differ() {
        assert_ne!(secret().unwrap(), secret().unwrap());
        assert_eq!(secret().unwrap().len(), 32);
    }
}
