//! The rows that events point to: facets, identities, resources and texts. Each is written once, and found by its key.

use std::sync::Arc;

use rusqlite::{Connection, Statement, params};
use rustc_hash::FxHashMap;

use crate::arn::last_part;
use crate::event::{Event, Identity, Resource};
use crate::store::key::Key;
use crate::store::rollup::counts::Links;
use crate::store::rollup::facets;
use crate::store::write::intern::{self, InternKeys, text_id};
use crate::store::write::known_rows::{KnownIdentities, KnownResources};
use crate::store::write::resource_pages::ResourcePages;

/// The ids of the rows that are there, by their keys.
pub(crate) struct RelatedRows<'c> {
    facets: FxHashMap<Key, i64>,
    identities: KnownIdentities<'c>,
    resources: KnownResources<'c>,
    user_agents: FxHashMap<Key, i64>,
    error_messages: FxHashMap<Key, i64>,
    insert_identity: Statement<'c>,
    insert_resource: Statement<'c>,
    /// True if the run has changed the role of an identity.
    pub(crate) is_role_changed: bool,
    /// The resources of a case in the making.
    pub(crate) pages: Option<ResourcePages>,
}

const INSERT_IDENTITY: &str = "INSERT INTO identities (type, user_name, arn, account_id, principal_id, role_name, \
     role_arn, session_name, identity_provider, on_behalf_of, invoked_by, events, first_seen, last_seen) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 1, ?12, ?12)";

const INSERT_RESOURCE: &str = "INSERT INTO resources (type, name, arn, account_id, aws_region, arn_end, events, \
     first_seen, last_seen) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?7)";

impl<'c> RelatedRows<'c> {
    /// Reads the rows of a case, but for identities and resources, which are looked up until they are loaded.
    pub(crate) fn load(connection: &'c Connection) -> rusqlite::Result<RelatedRows<'c>> {
        Ok(RelatedRows {
            facets: facets::load(connection)?,
            identities: KnownIdentities::to_find(connection)?,
            resources: KnownResources::to_find(connection)?,
            user_agents: intern::texts(connection, "user_agents")?,
            error_messages: intern::texts(connection, "error_messages")?,
            insert_identity: connection.prepare(INSERT_IDENTITY)?,
            insert_resource: connection.prepare(INSERT_RESOURCE)?,
            is_role_changed: false,
            pages: None,
        })
    }

    /// Reads the identities and resources of a case: for a run that names most of them, or without the indexes that find
    /// them.
    pub(crate) fn load_all(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.identities = KnownIdentities::load(connection)?;
        self.resources = KnownResources::load(connection)?;
        Ok(())
    }

    /// Puts the ids of the rows that an event points to in `links`. Rows that are new are inserted.
    pub(crate) fn link(
        &mut self,
        connection: &Connection,
        event: &Event,
        keys: &InternKeys,
        links: &mut Links,
    ) -> rusqlite::Result<()> {
        let time = event.event_time.as_deref();
        let facet = match self.facets.get(&keys.facet) {
            Some(id) => *id,
            None => {
                let id = facets::insert(connection, event, time)?;
                self.facets.insert(keys.facet, id);
                id
            }
        };
        links.resources.clear();
        *links = Links { facet, resources: std::mem::take(&mut links.resources), ..Links::default() };
        if let Some((identity, key)) = event.identity.as_ref().zip(keys.identity) {
            links.identity = Some(self.identity(connection, identity, key, time)?);
        }
        if let Some(text) = keys.user_agent.zip(event.user_agent.as_deref()) {
            links.user_agent = Some(text_id(connection, &mut self.user_agents, "user_agents", text, time)?);
        }
        if let Some(text) = keys.error_message.zip(event.error_message.as_deref()) {
            links.error_message = Some(text_id(connection, &mut self.error_messages, "error_messages", text, time)?);
        }
        for (used, key) in event.resources.iter().zip(&keys.resources) {
            links.resources.push(self.resource(connection, &used.resource, *key, time)?);
        }
        Ok(())
    }

    fn identity(
        &mut self,
        connection: &Connection,
        identity: &Arc<Identity>,
        (key, rest): (Key, u64),
        time: Option<&str>,
    ) -> rusqlite::Result<i64> {
        let i = identity.as_ref();
        if let Some((id, known_rest)) = self.identities.get(i, key)? {
            if known_rest != rest {
                self.settle(connection, id, i)?;
            }
            return Ok(id);
        }
        self.insert_identity.execute(params![
            i.kind.as_deref(),
            i.user_name.as_deref(),
            i.arn.as_deref(),
            i.account_id.as_deref(),
            i.principal_id.as_deref(),
            i.role_name.as_deref(),
            i.role_arn.as_deref(),
            i.session_name.as_deref(),
            i.identity_provider.as_deref(),
            i.on_behalf_of.as_deref(),
            i.invoked_by.as_deref(),
            time
        ])?;
        let id = connection.last_insert_rowid();
        self.identities.insert(key, (id, rest));
        Ok(id)
    }

    /// Settles the attributes that do not distinguish identities: they must not depend on which event came first.
    fn settle(&mut self, connection: &Connection, id: i64, i: &Identity) -> rusqlite::Result<()> {
        let mut changes = connection.prepare_cached(
            "SELECT ifnull(?2 < role_name, ?2 IS NOT NULL AND role_name IS NULL) FROM identities WHERE id = ?1",
        )?;
        self.is_role_changed |= changes.query_row(params![id, i.role_name.as_deref()], |row| row.get::<_, bool>(0))?;
        let mut settle = connection.prepare_cached(
            "UPDATE identities SET \
                 user_name = min(ifnull(user_name, ?2), ifnull(?2, user_name)), \
                 role_name = min(ifnull(role_name, ?3), ifnull(?3, role_name)), \
                 role_arn = min(ifnull(role_arn, ?4), ifnull(?4, role_arn)), \
                 session_name = min(ifnull(session_name, ?5), ifnull(?5, session_name)), \
                 identity_provider = min(ifnull(identity_provider, ?6), ifnull(?6, identity_provider)) \
             WHERE id = ?1",
        )?;
        settle.execute(params![
            id,
            i.user_name.as_deref(),
            i.role_name.as_deref(),
            i.role_arn.as_deref(),
            i.session_name.as_deref(),
            i.identity_provider.as_deref()
        ])?;
        Ok(())
    }

    fn resource(
        &mut self,
        connection: &Connection,
        resource: &Resource,
        key: Key,
        time: Option<&str>,
    ) -> rusqlite::Result<i64> {
        if let Some(id) = self.resources.id(resource, key)? {
            return Ok(id);
        }
        if let Some(pages) = &mut self.pages {
            let id = pages.push(resource)?;
            self.resources.insert(key, id);
            return Ok(id);
        }
        self.insert_resource.execute(params![
            resource.kind.as_deref(),
            resource.name.as_str(),
            resource.arn.as_deref(),
            resource.account_id.as_deref(),
            resource.aws_region.as_deref(),
            resource.arn.as_deref().map(last_part).filter(|end| *end != resource.name.as_str()),
            time
        ])?;
        let id = connection.last_insert_rowid();
        self.resources.insert(key, id);
        Ok(id)
    }
}
