//! The machine: its cores, who else was on them, and its name.

use std::fs::read_to_string;
use std::sync::LazyLock;
use std::thread;
use std::time::SystemTime;

/// The cores this process may use.
pub(crate) fn cores() -> usize {
    static CORES: LazyLock<usize> =
        LazyLock::new(|| thread::available_parallelism().map_or(1, |cores| cores.get()));
    *CORES
}

/// Moves this thread to the `nth` core, counted round: a third thread on two cores is beside the first.
pub(crate) fn pin(nth: usize) {
    if let Some(ids) = core_affinity::get_core_ids().filter(|ids| ids.len() > 1) {
        core_affinity::set_for_current(ids[nth % ids.len()]);
    }
}

/// How often somebody else was given the core of this thread so far. Where that cannot be known, never.
pub(crate) fn preemptions() -> i64 {
    #[cfg(target_os = "linux")]
    {
        use nix::sys::resource::{UsageWho, getrusage};
        getrusage(UsageWho::RUSAGE_THREAD).map_or(0, |usage| usage.involuntary_context_switches())
    }
    #[cfg(not(target_os = "linux"))]
    0
}

/// CPU time since the start of the machine and of this process, in seconds.
#[derive(Clone, Copy)]
pub(crate) struct Usage {
    busy: f64,
    stolen: f64,
    all: f64,
    own: f64,
}

impl Usage {
    /// `None` where there is no `/proc`.
    pub(crate) fn now() -> Option<Self> {
        // In hundredths of a second: user nice system idle iowait irq softirq steal.
        let fields = |text: &str, skip| -> Vec<f64> {
            text.split_whitespace()
                .skip(skip)
                .map_while(|word| word.parse().ok())
                .map(|n: f64| n / 100.0)
                .collect()
        };
        let stat = read_to_string("/proc/stat").ok()?;
        let machine = fields(stat.lines().next()?, 1);
        let own = read_to_string("/proc/self/stat").ok()?;
        // The name of the program, which may hold anything, ends at the last parenthesis.
        let own = fields(own.rsplit_once(')')?.1, 1);
        let (&idle, &waiting, &stolen) = (machine.get(3)?, machine.get(4)?, machine.get(7)?);
        let all: f64 = machine.iter().take(8).sum();
        let own = own.get(10)? + own.get(11)?;
        Some(Self { busy: all - idle - waiting - stolen, stolen, all, own })
    }
    /// What others had of the cores since `before`, in words.
    pub(crate) fn others_since(before: Option<Self>) -> String {
        let (Some(before), Some(now)) = (before, Self::now()) else { return "load unknown".into() };
        let all = (now.all - before.all).max(0.01);
        let others = (now.busy - before.busy - (now.own - before.own)).max(0.0);
        let percent = |part: f64| 100.0 * part / all;
        format!(
            "others had {:.0} % of the cores, the host {:.0} %",
            percent(others),
            percent(now.stolen - before.stolen)
        )
    }
}

/// Processor, cores and date.
pub(crate) fn description() -> String {
    let processors = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or(std::env::consts::ARCH, |(_, model)| model);
    let cores = cores();
    format!("{model}, {cores} cores, {}", date(SystemTime::now()))
}

/// The day in UTC, by Hinnant's algorithm: years begin in March, so that a leap day is the last of its year.
fn date(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let days = seconds / 86_400 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{day:02}", era * 400 + year + next)
}
