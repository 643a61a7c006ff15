//! Principals: the names under which findings are counted. Sessions of a role by machines are one principal, sessions of
//! people are one each.

use std::collections::HashMap;
use std::rc::Rc;

use crate::arn::Arn;
use crate::engine::Engine;
use crate::hunt::result::PrincipalName;
use crate::rows::{self, text};
use crate::sql::Param;
use crate::store::QueryError;

/// The beginning of the names of roles that IAM Identity Center makes.
const SSO_ROLE: &str = "AWSReservedSSO_";
/// The beginnings of session names that SDKs and tools make up.
const MADE_UP: &[&str] = &["botocore-session-", "aws-sdk-", "aws-go-sdk-", "AWSCLI-Session", "i-", "eks-", "ecs-"];
/// The length from which a hexadecimal number makes a session name a machine's.
const MACHINE_DIGITS: usize = 8;

/// A principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Principal {
    /// The ARN, or the name of a service or an account.
    pub(crate) id: String,
    /// The name for a person to read.
    pub(crate) name: String,
    /// The name under which the actor of several accounts is one; else the ARN.
    pub(crate) actor: String,
    /// True if it is a service of AWS.
    pub(crate) is_service: bool,
    /// The ARN and the name, as findings share them.
    pub(crate) names: Rc<PrincipalName>,
}

impl Principal {
    fn new(id: &str, name: &str, actor: &str, is_service: bool) -> Principal {
        let names = Rc::new(PrincipalName { id: id.to_owned(), name: name.to_owned() });
        Principal { id: id.to_owned(), name: name.to_owned(), actor: actor.to_owned(), is_service, names }
    }
}

/// The columns of an identity that name its principal.
#[derive(Debug, Default)]
struct Identity {
    kind: String,
    arn: String,
    account: String,
    user: String,
    principal: String,
    role: String,
    role_arn: String,
    session: String,
    invoked_by: String,
}

impl Identity {
    fn principal(self) -> Principal {
        let plain = |id: &str, name: &str, is_service: bool| Principal::new(id, name, id, is_service);
        if self.kind == "AWSService" {
            let name = first(&[&self.invoked_by, &self.principal, "AWS service"]);
            return plain(name, name, true);
        }
        if let Some(role) = self.role.strip_prefix(SSO_ROLE).filter(|_| !self.session.is_empty()) {
            let set = role.rsplit_once('_').map_or(role, |(set, _)| set);
            let name = format!("{} {SSO_ROLE}{set}", self.session);
            // The sign-in that opened the session has the same name of the person as user.
            return Principal::new(&self.arn, &name, &self.session, false);
        }
        if !self.role_arn.is_empty() {
            return if self.session.is_empty() || is_machine(&self.session) {
                plain(&self.role_arn, &self.role, false)
            } else {
                plain(&self.arn, &format!("{}/{}", self.role, self.session), false)
            };
        }
        if self.kind == "Root" {
            return plain(first(&[&self.arn, &self.account]), "root", false);
        }
        let id = first(&[&self.arn, &self.user, &self.principal, &self.invoked_by, &self.account, "unknown"]);
        let named = Arn::parse(id).map(|arn| arn.name().to_owned());
        let name = if self.user.is_empty() { named.unwrap_or_else(|| id.to_owned()) } else { self.user.clone() };
        plain(id, &name, false)
    }
}

/// Returns the first text that is not empty.
fn first<'t>(texts: &[&'t str]) -> &'t str {
    texts.iter().find(|text| !text.is_empty()).copied().unwrap_or("unknown")
}

/// Reports whether a session name was made up by a program.
fn is_machine(session: &str) -> bool {
    let digits = session
        .split(|c: char| !c.is_ascii_hexdigit())
        .map(|run| if run.bytes().any(|byte| byte.is_ascii_digit()) { run.len() } else { 0 });
    MADE_UP.iter().any(|start| session.starts_with(start)) || digits.max().unwrap_or(0) >= MACHINE_DIGITS
}

/// The principals of identities, read when first needed.
#[derive(Default)]
pub(crate) struct Principals {
    all: Vec<Principal>,
    by_id: HashMap<String, usize>,
    by_identity: HashMap<Option<i64>, usize>,
}

impl Principals {
    /// Returns the number of the principal of an identity.
    ///
    /// # Errors
    /// The case cannot be read.
    pub(crate) fn of_identity(&mut self, engine: &Engine, identity: Option<i64>) -> Result<usize, QueryError> {
        if let Some(found) = self.by_identity.get(&identity) {
            return Ok(*found);
        }
        let read = match identity {
            Some(id) => identities(engine, "id = ?1", &[Param::Integer(id)])?.pop(),
            None => None,
        };
        let number = self.add(read.map(|(_, identity)| identity).unwrap_or_default().principal());
        self.by_identity.insert(identity, number);
        Ok(number)
    }

    /// Returns the number of the principal that a query names: by an ARN, a user or an id.
    ///
    /// # Errors
    /// The case cannot be read.
    pub(crate) fn named(&mut self, engine: &Engine, name: &str) -> Result<usize, QueryError> {
        let params = [Param::Text(name.to_owned())];
        let found = identities(engine, "arn = ?1", &params)?.into_iter().next();
        let found = match found {
            None => identities(engine, "user_name = ?1", &params)?.into_iter().next(),
            found => found,
        };
        Ok(match found {
            Some((id, _)) => self.of_identity(engine, Some(id))?,
            None => self.add(Identity { arn: name.to_owned(), ..Identity::default() }.principal()),
        })
    }

    fn add(&mut self, principal: Principal) -> usize {
        let next = self.all.len();
        let number = *self.by_id.entry(principal.id.clone()).or_insert(next);
        if number == next {
            self.all.push(principal);
        }
        number
    }

    pub(crate) fn get(&self, number: usize) -> &Principal {
        &self.all[number]
    }

    /// Returns the identities of a principal.
    ///
    /// # Errors
    /// The case cannot be read.
    pub(crate) fn identities(&self, engine: &Engine, number: usize) -> Result<Vec<i64>, QueryError> {
        let principal = self.get(number);
        let params = [Param::Text(principal.id.clone())];
        let mut found = identities(engine, "arn = ?1", &params)?;
        if let Some(arn) = Arn::parse(&principal.id).filter(|arn| arn.kind() == "role") {
            let role = [Param::Text(arn.name().to_owned())];
            found.extend(identities(engine, "role_name = ?1", &role)?);
        }
        let mut ids: Vec<i64> =
            found.into_iter().filter(|(_, identity)| identity_is(identity, principal)).map(|(id, _)| id).collect();
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }
}

/// Returns the name of a principal for a person to read, by the id of the principal.
///
/// # Errors
/// The case cannot be read.
pub(crate) fn name_of(engine: &Engine, id: &str) -> Result<String, QueryError> {
    let mut principals = Principals::default();
    let number = principals.named(engine, id)?;
    Ok(principals.get(number).name.clone())
}

/// Reports whether an identity is one of a principal.
fn identity_is(identity: &Identity, principal: &Principal) -> bool {
    identity.arn == principal.id || identity.role_arn == principal.id
}

fn identities(engine: &Engine, condition: &str, params: &[Param]) -> Result<Vec<(i64, Identity)>, QueryError> {
    let sql = format!(
        "SELECT id, type, arn, account_id, user_name, principal_id, role_name, role_arn, session_name, invoked_by \
         FROM identities WHERE {condition} ORDER BY id"
    );
    let found = rows::collect(|sink| engine.case().query(&sql, params, sink))?;
    let identity = |row: &Vec<rows::Value>| {
        let at = |column: usize| text(row.get(column));
        let id = match row.first() {
            Some(rows::Value::Integer(id)) => *id,
            _ => 0,
        };
        let identity = Identity {
            kind: at(1),
            arn: at(2),
            account: at(3),
            user: at(4),
            principal: at(5),
            role: at(6),
            role_arn: at(7),
            session: at(8),
            invoked_by: at(9),
        };
        (id, identity)
    };
    Ok(found.rows.iter().map(identity).collect())
}

#[cfg(test)]
mod tests {
    use super::{Identity, is_machine};

    #[test]
    fn sessions_of_machines_are_told_from_those_of_people() {
        for session in ["i-0123456789abcdef0", "botocore-session-1690", "1690000000", "9f1c2d3e-aaaa", "aws-sdk-js-1"] {
            assert!(is_machine(session), "{session}");
        }
        for session in ["alice", "bob@example.com", "deploy", "deadbeefcafe", "build-42"] {
            assert!(!is_machine(session), "{session}");
        }
    }

    #[test]
    fn a_principal_is_named_by_the_role_of_a_machine_and_by_the_session_of_a_person() {
        let identity = |role: &str, session: &str| Identity {
            kind: "AssumedRole".to_owned(),
            arn: format!("arn:aws:sts::111122223333:assumed-role/{role}/{session}"),
            role: role.to_owned(),
            role_arn: format!("arn:aws:iam::111122223333:role/{role}"),
            session: session.to_owned(),
            ..Identity::default()
        };
        let machine = identity("web", "i-0123456789abcdef0").principal();
        assert_eq!((machine.id.as_str(), machine.name.as_str()), ("arn:aws:iam::111122223333:role/web", "web"));
        let person = identity("AWSReservedSSO_Admin_0123456789abcdef", "alice").principal();
        assert_eq!((person.name.as_str(), person.actor.as_str()), ("alice AWSReservedSSO_Admin", "alice"));
        assert_eq!(identity("deploy", "carol").principal().name, "deploy/carol");
        assert_eq!(Identity::default().principal().name, "unknown");
    }
}
