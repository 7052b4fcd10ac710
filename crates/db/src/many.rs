//! Transactions in which several people store something together.

use std::collections::BTreeSet;

use accunode_domain::{AccessLevel, Actor};
use uuid::Uuid;

use crate::{
    Db, Result, Scope, Tx, begin,
    pool::Pools,
    tx::{Inner, OnPg},
};

impl Db {
    /// Begins a writing transaction in which several people store new companies and predictions of their own or of
    /// their organizations. On PostgreSQL it takes the role `accunode_batch`, which may do that and nothing else, and
    /// whose policies let in rows of these people at their places alone. What is the system's is not stored in it.
    ///
    /// # Errors
    /// As [`Db::scoped`].
    pub async fn many<'a>(&self, actors: impl IntoIterator<Item = &'a Actor>) -> Result<Tx> {
        match self.pools() {
            Pools::Pg { transactions, .. } => {
                let text = format!("BEGIN; {}", Places::of(actors).text());
                let transaction = begin::postgres(transactions, text).await?;
                Ok(Tx::over(Scope::MANY, Inner::Pg(OnPg::Transaction(transaction))))
            }
            Pools::Lite { .. } => self.begin(Scope::MANY, true).await,
        }
    }
}

/// Who stores where, as PostgreSQL's policies read it.
#[derive(Debug, Default, PartialEq)]
struct Places {
    /// `user/organization`, or `user/` for what is personal.
    places: BTreeSet<String>,
    /// The organizations and people whose rows are in sight.
    owners: BTreeSet<Uuid>,
    /// `user/chain`: who writes to which chain of the audit log.
    voices: BTreeSet<String>,
}

impl Places {
    fn of<'a>(actors: impl IntoIterator<Item = &'a Actor>) -> Self {
        let mut found = Self::default();
        for actor in actors {
            let user = actor.user_id.0;
            found.voices.insert(format!("{user}/{}", actor.tenant_id.map_or(Uuid::nil(), |t| t.0)));
            match actor.creates_at() {
                (AccessLevel::Organization, Some(organization)) => {
                    found.places.insert(format!("{user}/{organization}"));
                    found.owners.insert(organization.0);
                }
                (AccessLevel::Personal, _) => {
                    found.places.insert(format!("{user}/"));
                    found.owners.insert(user);
                }
                _ => {}
            }
        }
        found
    }

    /// Ids hold nothing to escape. The settings of single actors are emptied, so that their policies let nothing in.
    fn text(&self) -> String {
        fn list<T: ToString>(items: &BTreeSet<T>) -> String {
            items.iter().map(T::to_string).collect::<Vec<_>>().join(",")
        }
        format!(
            "SET LOCAL ROLE accunode_batch; {}; SET LOCAL app.batch_places = '{{{}}}'; \
             SET LOCAL app.batch_owners = '{{{}}}'; SET LOCAL app.batch_voices = '{{{}}}'",
            crate::tx::scope_text("SET LOCAL", &Scope::MANY),
            list(&self.places),
            list(&self.owners),
            list(&self.voices)
        )
    }
}

#[cfg(test)]
mod tests {
    use accunode_domain::{OrganizationId, Role, TenantId, UserId};

    use super::*;

    fn actor(role: Role, tenant: Option<u128>, organization: Option<u128>) -> Actor {
        Actor {
            user_id: UserId(Uuid::from_u128(7)),
            role,
            tenant_id: tenant.map(|id| TenantId(Uuid::from_u128(id))),
            organization_id: organization.map(|id| OrganizationId(Uuid::from_u128(id))),
            limited_to: None,
        }
    }

    #[test]
    fn nobody_stores_for_the_system() {
        let places = Places::of(&[actor(Role::SuperAdmin, None, None)]);
        assert!(places.places.is_empty() && places.owners.is_empty(), "{places:?}");
    }

    #[test]
    fn somebody_stores_where_they_create() {
        let member = Places::of(&[actor(Role::OrgMember, Some(1), Some(2))]);
        let id = Uuid::from_u128;
        assert_eq!(member.places, BTreeSet::from([format!("{}/{}", id(7), id(2))]));
        assert_eq!(member.owners, BTreeSet::from([id(2)]));
        assert_eq!(member.voices, BTreeSet::from([format!("{}/{}", id(7), id(1))]));
        let loner = Places::of(&[actor(Role::User, None, None)]);
        assert_eq!(loner.places, BTreeSet::from([format!("{}/", id(7))]));
        assert_eq!(loner.owners, BTreeSet::from([id(7)]));
        assert_eq!(loner.voices, BTreeSet::from([format!("{}/{}", id(7), Uuid::nil())]));
    }
}
