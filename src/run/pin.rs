//! A thread on one CPU, by the number that the kernel gives the CPU.
//!
//! | system          | what pinning is                                  | checked afterwards                         |
//! |-----------------|--------------------------------------------------|--------------------------------------------|
//! | Linux, Android  | a must: the thread runs there or not at all      | yes, by what `/proc` says of the thread    |
//! | Windows, BSD    | a must                                           | no: [`Pinned::Unverified`]                 |
//! | macOS           | a hint to keep threads apart; refused on Apple silicon | no: [`Pinned::Unverified`]           |
//!
//! CPUs that the kernel keeps free for this (`isolcpus`) are in no thread's list of allowed CPUs, and a library that
//! picks from that list never finds them. So the number is taken as it is given, and the kernel has the last word.

use std::fs;

/// Puts the calling thread on CPU number `cpu`, for good. Threads that it spawns later inherit that.
///
/// Some system calls, and on Linux some small files that are read; allocates. Meant for the start of a thread.
///
/// ```
/// use ringmain::run::pin;
/// let error = pin::current_thread(5_000).unwrap_err();
/// assert_eq!(error.cpu, 5_000);
/// println!("{error}"); // cannot pin to CPU 5000; the thread may run on 0-1, online are 0-1, isolated are none
/// ```
///
/// # Errors
/// [`PinError`] if there is no such CPU, or the system does not let this process have it.
pub fn current_thread(cpu: usize) -> Result<Pinned, PinError> {
    let allowed = allowed();
    let refused = || PinError { cpu, allowed: allowed.clone(), online: online(), isolated: isolated() };
    // A larger number is out of the bounds of the system's own set of CPUs.
    if cpu >= MOST || !core_affinity::set_for_current(core_affinity::CoreId { id: cpu }) {
        return Err(refused());
    }
    match self::allowed() {
        Some(now) if now.as_slice() == [cpu] => Ok(Pinned::Verified),
        Some(_) => Err(refused()),
        None => Ok(Pinned::Unverified),
    }
}

/// Numbers from here on fit no set of CPUs.
const MOST: usize = if cfg!(any(target_os = "linux", target_os = "android")) { 1024 } else { 64 };

/// The CPUs that the calling thread may run on now. `None` where the system does not tell.
#[must_use]
pub fn allowed() -> Option<Cpus> {
    let status = fs::read_to_string("/proc/thread-self/status").ok()?;
    Cpus::parse(status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?)
}

/// The CPUs that there are. `None` where the system does not tell.
#[must_use]
pub fn online() -> Option<Cpus> {
    Cpus::parse(&fs::read_to_string("/sys/devices/system/cpu/online").ok()?)
}

/// The CPUs that the kernel puts no thread on by itself. `None` where the system does not tell.
#[must_use]
pub fn isolated() -> Option<Cpus> {
    Cpus::parse(&fs::read_to_string("/sys/devices/system/cpu/isolated").ok()?)
}

/// A thread that is pinned, and how sure that is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pinned {
    /// The system says that the thread runs on this CPU alone.
    Verified,
    /// The system took the wish, and has no way to ask whether it holds.
    Unverified,
}

/// Why a thread is not on the CPU it was to run on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PinError {
    /// The CPU asked for.
    pub cpu: usize,
    /// Those the thread may run on, as [`allowed`].
    pub allowed: Option<Cpus>,
    /// Those there are, as [`online`].
    pub online: Option<Cpus>,
    /// Those set aside, as [`isolated`].
    pub isolated: Option<Cpus>,
}

impl core::fmt::Display for PinError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "cannot pin to CPU {}; ", self.cpu)?;
        let Some(allowed) = &self.allowed else {
            return f.write_str("the system does not tell which CPUs are allowed");
        };
        write!(f, "the thread may run on {allowed}")?;
        for (cpus, what) in [(&self.online, "online"), (&self.isolated, "isolated")] {
            if let Some(cpus) = cpus {
                write!(f, ", {what} are {cpus}")?;
            }
        }
        Ok(())
    }
}

impl core::error::Error for PinError {}

/// A set of CPUs, by the kernel's numbers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cpus {
    /// Ascending, each once.
    numbers: Vec<usize>,
}

impl Cpus {
    /// The numbers, ascending.
    #[must_use]
    pub fn as_slice(&self) -> &[usize] {
        &self.numbers
    }
    /// Reads the kernel's notation: numbers and ranges, as in `0-3,8`.
    fn parse(text: &str) -> Option<Self> {
        let mut numbers = Vec::new();
        for part in text.trim().split(',').filter(|part| !part.is_empty()) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
            numbers.extend(first..=last);
        }
        numbers.sort_unstable();
        numbers.dedup();
        Some(Self { numbers })
    }
}

impl core::fmt::Display for Cpus {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        if self.numbers.is_empty() {
            return f.write_str("none");
        }
        let ranges = self.numbers.chunk_by(|a, b| a + 1 == *b);
        for (i, range) in ranges.enumerate() {
            let separator = if i == 0 { "" } else { "," };
            match range {
                [one] => write!(f, "{separator}{one}")?,
                [first, .., last] => write!(f, "{separator}{first}-{last}")?,
                [] => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_notation_is_read_and_written() {
        for (text, numbers) in
            [("0-1\n", &[0, 1][..]), ("\t0-2,5,7-8", &[0, 1, 2, 5, 7, 8]), ("3", &[3]), ("\n", &[])]
        {
            let cpus = Cpus::parse(text).unwrap();
            assert_eq!(cpus.as_slice(), numbers);
            if !numbers.is_empty() {
                assert_eq!(cpus.to_string(), text.trim());
            }
        }
        assert_eq!(Cpus::parse("").unwrap().to_string(), "none");
        for text in ["x", "1-", "-", "1-x"] {
            assert_eq!(Cpus::parse(text), None);
        }
    }
}
