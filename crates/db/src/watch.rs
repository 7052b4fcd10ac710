//! What those who look after the system ask a database.

use sqlx::{Database, Pool};

use crate::{Db, glance::Glances, pool::Pools};

/// Connections of one kind that this process holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolState {
    /// What they are for.
    pub name: &'static str,
    /// How many rest.
    pub idle: usize,
    /// How many are in use.
    pub used: usize,
    /// How many there may be.
    pub most: u32,
}

impl Db {
    /// The connections that this value holds, by what they are for.
    #[must_use]
    pub fn pool_states(&self) -> [PoolState; 2] {
        match self.pools() {
            Pools::Pg { transactions, glances } => {
                [pool_state("transactions", transactions), glances_state(glances)]
            }
            Pools::Lite { read, write } => [pool_state("read", read), pool_state("write", write)],
        }
    }
}

fn pool_state<D: Database>(name: &'static str, pool: &Pool<D>) -> PoolState {
    let (all, idle) = (pool.size() as usize, pool.num_idle());
    PoolState { name, idle, used: all.saturating_sub(idle), most: pool.options().get_max_connections() }
}

fn glances_state(glances: &Glances) -> PoolState {
    let (idle, used) = glances.counts();
    PoolState { name: "statements", idle, used, most: glances.most() }
}
