//! Return addresses, each given out once.

use crate::contract::ReturnAddress;
use core::fmt::{Debug, Display, Formatter};
use core::marker::PhantomData;
use core::ops::RangeInclusive;

/// The address of a port that takes replies of type `R`. What of it travels with a request is [`address`](Self::address).
pub struct Port<R> {
    address: ReturnAddress,
    /// It is written to, and owns none.
    replies: PhantomData<fn(R)>,
}

impl<R> Port<R> {
    /// What a request carries.
    #[must_use]
    pub const fn address(self) -> ReturnAddress {
        self.address
    }
}

impl<R> Clone for Port<R> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<R> Copy for Port<R> {}
impl<R> PartialEq for Port<R> {
    fn eq(&self, other: &Self) -> bool {
        self.address == other.address
    }
}
impl<R> Eq for Port<R> {}
impl<R> Debug for Port<R> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        let ReturnAddress { port, generation } = self.address;
        write!(f, "Port({port}/{generation})")
    }
}

/// Who has which port: gives out the addresses of a range of port numbers. One for all repliers that are to know the same
/// addresses; it belongs to whoever opens and closes ports, and holds no sink.
///
/// A port that was closed is given out again, to a tenant with a number of its own: so an old address never reaches a new
/// tenant. After 65,535 tenants a port is retired.
///
/// ```
/// use ringmain::pattern::{Addresses, NoPort};
/// let mut addresses = Addresses::<u64>::new(1..=1);
/// let first = addresses.open()?;
/// assert_eq!(addresses.open(), Err(NoPort));
/// assert!(addresses.close(first));
/// let second = addresses.open()?;
/// assert_eq!(second.address().port, first.address().port);
/// assert_ne!(second, first);
/// # Ok::<(), NoPort>(())
/// ```
#[derive(Debug)]
pub struct Addresses<R> {
    first: u16,
    tenants: Box<[Tenant]>,
    replies: PhantomData<fn(R)>,
}

/// Who has the port, or had it last.
#[derive(Clone, Copy, Debug)]
struct Tenant {
    /// From 1; 0 before the first.
    number: u16,
    lives_here: bool,
}

impl<R> Addresses<R> {
    /// The addresses of `ports`, none of which is open. Port 0 is no address, and is left out. Allocates room for them.
    #[must_use]
    pub fn new(ports: RangeInclusive<u16>) -> Self {
        let (first, count) = numbers(ports);
        let tenants = vec![Tenant { number: 0, lives_here: false }; count].into();
        Self { first, tenants, replies: PhantomData }
    }
    /// An address that was never given out before. Looks at one port after the other; no allocation.
    ///
    /// # Errors
    /// [`NoPort`] if all ports are open, or retired.
    pub fn open(&mut self) -> Result<Port<R>, NoPort> {
        let free = |tenant: &Tenant| !tenant.lives_here && tenant.number < u16::MAX;
        let (port, at) =
            (self.first..=u16::MAX).zip(&mut self.tenants).find(|(_, at)| free(at)).ok_or(NoPort)?;
        *at = Tenant { number: at.number + 1, lives_here: true };
        let address = ReturnAddress { port, generation: at.number };
        Ok(Port { address, replies: PhantomData })
    }
    /// Takes an address back; tell every [`ReplyPorts`](super::ReplyPorts) that has the port open. False if it is not
    /// open: closed before, or of other `Addresses`.
    pub fn close(&mut self, port: Port<R>) -> bool {
        let ReturnAddress { port, generation } = port.address;
        let at = port.checked_sub(self.first).and_then(|at| self.tenants.get_mut(usize::from(at)));
        let Some(tenant) = at.filter(|tenant| tenant.lives_here && tenant.number == generation) else {
            return false;
        };
        tenant.lives_here = false;
        true
    }
}

/// The first port of a range, which is not 0, and how many there are.
pub(super) fn numbers(ports: RangeInclusive<u16>) -> (u16, usize) {
    let first = (*ports.start()).max(1);
    (first, (first..=*ports.end()).len())
}

/// No port is free.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoPort;

impl Display for NoPort {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.write_str(
            "every port is open, or retired after 65,535 tenants: close one, or build with more ports",
        )
    }
}

impl core::error::Error for NoPort {}
