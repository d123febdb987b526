//! How a part comes into the hands of one writer, is finished, and comes back.

use std::sync::Arc;

use super::format::{MemberName, part_file};
use super::lane::Lane;
use super::parts::Parts;
use crate::model::Hasher;
use crate::store::bundle::marker;
use crate::store::{Durability, Error, Result};

/// An unfinished part in the hands of its writer.
#[derive(Debug)]
pub(super) struct Hold {
    pub(super) parts: Arc<Parts>,
    pub(super) lane: Option<Lane>,
}

impl Hold {
    /// Begins the member, or goes on with it; see [`Lane::begin`].
    pub(super) fn begin(&mut self, name: MemberName, size: u64, blob: &mut Hasher) -> Result<u64> {
        self.lane.as_mut().map_or(Ok(0), |lane| lane.begin(name, size, blob))
    }

    /// Takes further bytes of the member. Tells how many belong to it.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.lane.as_mut().map_or(Ok(0), |lane| lane.write(bytes))
    }

    /// Gives up what is there of a member.
    pub(super) fn give_up(&mut self) {
        if let Some(lane) = &mut self.lane {
            lane.give_up();
        }
    }

    /// Ends the member, which is part of its blob from now on.
    pub(super) fn complete(&mut self) -> Result<()> {
        let Some(lane) = &mut self.lane else { return Ok(()) };
        let (number, member) = (lane.head.number, lane.complete()?);
        if self.parts.options.durability == Durability::Always {
            lane.sync(self.parts.options.durability)?;
        }
        self.parts.with(|state| {
            member.into_iter().for_each(|member| state.add(&self.parts.dir, number, member));
            Ok(())
        })
    }

    /// Finishes the part; one without members is removed. When that fails nothing counts that is in it: the next run
    /// looks what is there.
    pub(super) fn seal(mut self) -> Result<()> {
        let Some(mut lane) = self.lane.take() else { return Ok(()) };
        let number = lane.head.number;
        let sealed = self.parts.publish(&mut lane);
        self.parts.with(|state| {
            state.busy.remove(&number);
            if sealed.is_err() {
                state.forget(number);
                // Its file is still there.
                state.busy.insert(number);
            }
            Ok(())
        })?;
        sealed
    }
}

impl Parts {
    fn publish(&self, lane: &mut Lane) -> Result<()> {
        if lane.is_empty() {
            return std::fs::remove_file(&lane.path).map_err(Error::io("delete", &lane.path));
        }
        let (number, sum) = (lane.head.number, lane.seal(self.options.durability)?);
        self.with(|state| {
            state.finished.insert(number, Some(sum));
            marker::renew(&self.dir, self.options.durability, &state.known_sums())
        })?;
        let target = self.dir.join(part_file(number));
        std::fs::rename(&lane.path, &target).map_err(Error::io("rename a file to", &target))
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let Some(mut lane) = self.lane.take() else { return };
        lane.leave();
        let _ = self.parts.with(|state| {
            state.busy.remove(&lane.head.number);
            state.idle.push(lane);
            Ok(())
        });
    }
}
