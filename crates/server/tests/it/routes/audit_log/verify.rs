use accunode_db::Engine;
use accunode_domain::TenantId;
use accunode_server::{
    audit::Event,
    features::audit_log::{
        api::{Break, Chain, Reason},
        service::verify,
        store::Entry,
    },
};
use accunode_testkit::{People, TestDb, block_on, on_both_engines};
use serde_json::json;

use super::{NOW, caller, chain_of_five, record};
use crate::app::{Limits, TestApp};

/// The tenant's id as the engine's SQL writes it.
fn literal(test: &TestDb, tenant: TenantId) -> String {
    match test.engine() {
        Engine::Postgres => format!("'{}'::uuid", tenant.0),
        Engine::Sqlite => format!("x'{}'", tenant.0.simple()),
    }
}

/// What an owner does before changing the log.
async fn without_triggers(test: &TestDb) {
    let sql = match test.engine() {
        Engine::Postgres => "DROP TRIGGER audit_log_append_only ON audit_log",
        Engine::Sqlite => "DROP TRIGGER audit_log_no_update; DROP TRIGGER audit_log_no_delete",
    };
    test.as_owner(sql).await.unwrap();
}

/// A chain of five entries, changed: `{chain}` in the statements stands for whose.
async fn tampered(test: &TestDb, sql: &str) -> Chain {
    let tenant = chain_of_five(test.db()).await;
    test.as_owner(&sql.replace("{chain}", &literal(test, tenant))).await.unwrap();
    checked(test, tenant).await
}

async fn checked(test: &TestDb, tenant: TenantId) -> Chain {
    let chains = verify::all(test.db()).await.unwrap();
    chains.into_iter().find(|c| c.tenant_id == Some(tenant.0)).unwrap()
}

/// The entries of a copy of number two, written as number `{seq}` by whoever replaces that.
const COPY: &str = "INSERT INTO audit_log (chain, seq, at, tenant_id, action, outcome, previous_hash, hash)
    SELECT chain, {seq}, at, tenant_id, action, outcome, previous_hash, hash FROM audit_log
    WHERE chain = {chain} AND seq = 2;";

on_both_engines! {
    async fn the_first_broken_link_is_named(test: TestDb) {
        without_triggers(&test).await;
        let at_end = COPY.replace("{seq}", "6");
        let at_start = COPY.replace("{seq}", "0");
        let between = format!(
            "UPDATE audit_log SET seq = seq + 1000 WHERE chain = {{chain}} AND seq >= 3;
             UPDATE audit_log SET seq = seq - 999 WHERE chain = {{chain}} AND seq >= 1003; {}",
            COPY.replace("{seq}", "3"),
        );
        for (sql, seq, reason) in [
            ("UPDATE audit_log SET action = 'x' WHERE chain = {chain} AND seq = 3", 3, Reason::ContentsChanged),
            ("UPDATE audit_log SET tenant_id = NULL WHERE chain = {chain} AND seq = 4", 4, Reason::ContentsChanged),
            ("UPDATE audit_log SET hash = previous_hash WHERE chain = {chain} AND seq = 5", 5, Reason::ContentsChanged),
            ("UPDATE audit_log SET address = 'x' WHERE chain = {chain} AND seq >= 2", 2, Reason::ContentsChanged),
            ("UPDATE audit_log SET previous_hash = '' WHERE chain = {chain} AND seq = 2", 2, Reason::PreviousHashDiffers),
            ("DELETE FROM audit_log WHERE chain = {chain} AND seq = 1", 1, Reason::EntryMissing),
            ("DELETE FROM audit_log WHERE chain = {chain} AND seq = 3", 3, Reason::EntryMissing),
            ("DELETE FROM audit_log WHERE chain = {chain} AND seq >= 4", 4, Reason::TailCutOff),
            ("DELETE FROM audit_log WHERE chain = {chain}", 1, Reason::TailCutOff),
            (between.as_str(), 3, Reason::PreviousHashDiffers),
            (at_end.as_str(), 6, Reason::EntryUnexpected),
            (at_start.as_str(), 0, Reason::EntryUnexpected),
            ("DELETE FROM audit_heads WHERE chain = {chain}", 5, Reason::HeadMissing),
            ("UPDATE audit_heads SET seq = 6 WHERE chain = {chain}", 6, Reason::TailCutOff),
            ("UPDATE audit_heads SET seq = 4 WHERE chain = {chain}", 5, Reason::EntryUnexpected),
            ("UPDATE audit_heads SET hash = 'x' WHERE chain = {chain}", 5, Reason::HeadDiffers),
        ] {
            let chain = tampered(&test, sql).await;
            assert_eq!(chain.broken_at, Some(Break { seq, reason }), "{sql}");
            assert!(!chain.intact);
        }
    }

    async fn an_emptied_table_is_noticed_in_every_chain(test: TestDb) {
        let tenants = [chain_of_five(test.db()).await, chain_of_five(test.db()).await];
        without_triggers(&test).await;
        let sql = if test.engine() == Engine::Postgres { "TRUNCATE audit_log" } else { "DELETE FROM audit_log" };
        test.as_owner(sql).await.unwrap();
        for tenant in tenants {
            let broken_at = checked(&test, tenant).await.broken_at;
            assert_eq!(broken_at, Some(Break { seq: 1, reason: Reason::TailCutOff }));
        }
    }

    /// Who gives a changed entry a hash that fits is found at the one behind it, or at the head.
    async fn a_forged_hash_breaks_the_next_link(test: TestDb) {
        without_triggers(&test).await;
        for (seq, expected) in [
            (3, Break { seq: 4, reason: Reason::PreviousHashDiffers }),
            (5, Break { seq: 5, reason: Reason::HeadDiffers }),
        ] {
            let tenant = chain_of_five(test.db()).await;
            let mut previous = String::new();
            for (number, action) in [(1, "test.1"), (2, "test.2"), (3, "test.3"), (4, "test.4")] {
                if number < seq {
                    previous = entry(tenant, action).hash(tenant.0, number, &previous);
                }
            }
            let forged = entry(tenant, "test.forged").hash(tenant.0, seq, &previous);
            let sql = format!(
                "UPDATE audit_log SET action = 'test.forged', hash = '{forged}' WHERE chain = {} AND seq = {seq}",
                literal(&test, tenant),
            );
            test.as_owner(&sql).await.unwrap();
            assert_eq!(checked(&test, tenant).await.broken_at, Some(expected));
        }
    }

    /// Where the chain's proof ends: only a hash that was kept elsewhere tells.
    async fn a_tail_cut_off_together_with_its_head_shows_by_the_kept_hash_alone(test: TestDb) {
        without_triggers(&test).await;
        let tenant = chain_of_five(test.db()).await;
        let kept = checked(&test, tenant).await.head_hash;
        let sql = "DELETE FROM audit_log WHERE chain = {chain} AND seq = 5;
                   UPDATE audit_heads SET seq = 4, hash = (SELECT hash FROM audit_log WHERE chain = {chain} AND seq = 4)
                   WHERE chain = {chain}";
        test.as_owner(&sql.replace("{chain}", &literal(&test, tenant))).await.unwrap();
        let chain = checked(&test, tenant).await;
        assert!(chain.intact && chain.entries == 4);
        assert!(kept.is_some() && chain.head_hash != kept);
    }

    async fn a_chain_of_many_pages_is_walked_to_its_end(test: TestDb) {
        let people = People::stored(test.db()).await;
        record(test.db(), &caller("member", &people.member), vec![Event::done("test.many"); 2_001]).await;
        let tenant = people.member.tenant_id.unwrap();
        let chain = checked(&test, tenant).await;
        assert_eq!((chain.entries, chain.intact), (2_001, true));
        without_triggers(&test).await;
        let sql = format!("DELETE FROM audit_log WHERE chain = {} AND seq = 1001", literal(&test, tenant));
        test.as_owner(&sql).await.unwrap();
        let broken_at = checked(&test, tenant).await.broken_at;
        assert_eq!(broken_at, Some(Break { seq: 1_001, reason: Reason::EntryMissing }));
    }

    async fn everybody_checks_what_they_may_read(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        for (name, actor) in [("member", &people.member), ("stranger", &people.stranger), ("user", &people.user)] {
            record(&app.state.db, &caller(name, actor), vec![Event::done("test.write")]).await;
        }
        let tenants = async |actor| {
            let body = app.client(actor).get_ok("/audit/verify").await;
            assert_eq!(body["success"], true);
            let chains = body["chains"].as_array().unwrap().clone();
            assert!(chains.iter().all(|c| c["intact"] == true && c["entries"] == 1 && c["broken_at"].is_null()));
            chains.into_iter().map(|c| c["tenant_id"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(tenants(&people.tenant_admin).await, [json!(people.member.tenant_id)]);
        assert_eq!(tenants(&people.foreign_tenant_admin).await, [json!(people.stranger.tenant_id)]);
        let all = tenants(&people.super_admin).await;
        assert_eq!(all.len(), 3);
        assert!(all.contains(&json!(null)));
    }

    async fn a_broken_chain_is_told_over_http(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = caller("member", &app.people.member);
        record(&app.state.db, &member, vec![Event::done("test.write")]).await;
        without_triggers(&app.test).await;
        app.test.as_owner("UPDATE audit_log SET action = 'x'").await.unwrap();
        let body = app.client(&app.people.tenant_admin).get_ok("/audit/verify").await;
        let chain = &body["chains"][0];
        assert_eq!(chain["broken_at"], json!({ "seq": 1, "reason": "contents_changed" }));
        assert_eq!((chain["intact"].as_bool(), chain["entries"].as_i64()), (Some(false), Some(0)));
    }
}

/// What no entry can hold is a change like any other; PostgreSQL's types do not let it in.
#[test]
fn a_row_that_cannot_be_read_is_a_changed_one() {
    block_on(async {
        let test = TestDb::sqlite().await;
        without_triggers(&test).await;
        let sql = "UPDATE audit_log SET actor_id = x'00' WHERE chain = {chain} AND seq = 3";
        let broken_at = tampered(&test, sql).await.broken_at;
        assert_eq!(broken_at, Some(Break { seq: 3, reason: Reason::ContentsChanged }));
    });
}

/// An entry as [`chain_of_five`] writes it.
fn entry(tenant: TenantId, action: &str) -> Entry {
    Entry {
        at: NOW,
        tenant_id: Some(tenant.0),
        actor_id: None,
        actor_email: None,
        actor_role: None,
        api_key_id: None,
        action: action.to_owned(),
        outcome: "done".to_owned(),
        target_type: None,
        target_id: None,
        before_state: None,
        after_state: None,
        request_id: None,
        address: None,
    }
}
