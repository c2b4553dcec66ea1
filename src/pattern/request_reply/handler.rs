//! How the user's code is asked for an answer.

use super::{Request, Says};
use crate::contract::{Fault, Flow, Halt, Reason};
use crate::pattern::catch::discard;
use core::fmt::{Debug, Formatter};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A handler that answers with one message.
#[derive(Clone, Copy)]
pub struct Once<F>(pub(super) F);

/// A handler that answers in parts.
#[derive(Clone, Copy)]
pub struct Parts<F>(pub(super) F);

/// How a handler is asked for one message. Two of them, in this file.
pub trait Handler<Q, A>: sealed::Sealed {
    #[doc(hidden)]
    fn write(&mut self, request: &Request<Q>, part: u32, body: &mut A) -> Flow<Says>;
}

mod sealed {
    pub trait Sealed {}
    impl<F> Sealed for super::Once<F> {}
    impl<F> Sealed for super::Parts<F> {}
}

impl<Q, A, F: FnMut(&Request<Q>, &mut A) -> Flow> Handler<Q, A> for Once<F> {
    #[inline]
    fn write(&mut self, request: &Request<Q>, _: u32, body: &mut A) -> Flow<Says> {
        (self.0)(request, body).map(|()| Says::Reply)
    }
}

impl<Q, A, F: FnMut(&Request<Q>, u32, &mut A) -> Flow<Says>> Handler<Q, A> for Parts<F> {
    #[inline]
    fn write(&mut self, request: &Request<Q>, part: u32, body: &mut A) -> Flow<Says> {
        (self.0)(request, part, body)
    }
}

/// What a handler says; its rejections and panics are answers, too.
#[inline]
pub(super) fn said(handler: impl FnOnce() -> Flow<Says>) -> Flow<Says> {
    match catch_unwind(AssertUnwindSafe(handler)) {
        Ok(Err(Halt::Reject(fault))) => Ok(Says::Fault(fault)),
        Ok(flow) => flow,
        Err(payload) => {
            discard(payload);
            Ok(Says::Fault(Fault::of(Reason::Panic)))
        }
    }
}

impl<F> Debug for Once<F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.write_str("Once(..)")
    }
}

impl<F> Debug for Parts<F> {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        f.write_str("Parts(..)")
    }
}
