//! What the engine, the static checker and the display know of a type. It is
//! read out of the JSON schema of the typed structs (see `provider::schema`),
//! never written by hand a second time.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// One resource type or function.
#[derive(Clone, Debug)]
pub struct Schema {
    /// The canonical token, `aws:sqs/queue:Queue`.
    pub token: String,
    pub inputs: Object,
    /// Every output, those that echo an input included.
    pub outputs: Object,
    /// Nested object types by name, so that recursive ones stay finite.
    pub types: BTreeMap<String, Object>,
    /// Properties that Pulumi has and we do not, with the reason.
    pub refused: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default)]
pub struct Object {
    pub properties: BTreeMap<String, Property>,
}

#[derive(Clone, Debug)]
pub struct Property {
    pub ty: Type,
    pub required: bool,
    pub default: Option<Json>,
    /// A change makes a new resource.
    pub replace: bool,
    pub secret: bool,
    /// AWS decides when the program does not say: absence is never a change.
    pub computed: bool,
    /// AWS never tells it: compared with what was last applied.
    pub write_only: bool,
    /// An output that an update may change.
    pub volatile: bool,
    pub autoname: Option<AutoName>,
    /// Why a program should no longer use it.
    pub deprecated: Option<String>,
    pub doc: String,
}

impl Property {
    /// Optional, and nothing special.
    pub fn of(ty: Type) -> Self {
        Self {
            ty,
            required: false,
            default: None,
            replace: false,
            secret: false,
            computed: false,
            write_only: false,
            volatile: false,
            autoname: None,
            deprecated: None,
            doc: String::new(),
        }
    }
}

/// How a name is made when the program gives none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutoName {
    pub max_length: usize,
    pub lower_case: bool,
    /// The resource's own name as it is: for what lives in something that has
    /// a name already.
    pub verbatim: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    Any,
    Bool,
    Integer,
    Number,
    String {
        allowed: Vec<String>,
        format: Option<Format>,
    },
    List(Box<Self>),
    /// A list in which order means nothing.
    Set(Box<Self>),
    Map(Box<Self>),
    /// A key of `Schema::types`.
    Object(String),
    Asset,
    Archive,
}

/// How two texts are compared, when not letter by letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON, compared by meaning.
    Json,
    /// An IAM policy document: JSON in which one is a list of one.
    Policy,
    /// Letters' case does not matter (RDS identifiers).
    CaseInsensitive,
    /// A CIDR block, whose host bits AWS clears.
    Cidr,
    /// A version of which the program may give a prefix: `8.0` is `8.0.35`.
    VersionPrefix,
    /// The same thing by id, ARN or alias: the longer ends with the shorter.
    IdOrArn,
}

impl Schema {
    /// Of something that takes and gives nothing.
    pub fn empty(token: &str) -> Self {
        Self {
            token: token.to_owned(),
            inputs: Object::default(),
            outputs: Object::default(),
            types: BTreeMap::new(),
            refused: BTreeMap::new(),
        }
    }

    pub fn object(&self, ty: &Type) -> Option<&Object> {
        match ty {
            Type::Object(name) => self.types.get(name),
            _ => None,
        }
    }

    /// The type at a path of the inputs such as
    /// `["forward", "targetGroups", "[0]"]`.
    pub fn type_at(&self, path: &[String]) -> Option<&Type> {
        let (first, rest) = path.split_first()?;
        let mut ty = &self.inputs.properties.get(first)?.ty;
        for part in rest {
            ty = match ty {
                Type::List(item) | Type::Set(item) | Type::Map(item) => item,
                Type::Object(name) => &self.types.get(name)?.properties.get(part)?.ty,
                _ => return None,
            };
        }
        Some(ty)
    }
}

impl Type {
    /// The word a user reads in a message about a wrong type.
    pub fn word(&self) -> String {
        match self {
            Self::Any => "any value".to_owned(),
            Self::Bool => "boolean".to_owned(),
            Self::Integer => "integer".to_owned(),
            Self::Number => "number".to_owned(),
            Self::String { format: Some(Format::Json | Format::Policy), .. } => {
                "JSON text or object".to_owned()
            }
            Self::String { .. } => "string".to_owned(),
            Self::List(item) | Self::Set(item) => format!("list of {}", item.word()),
            Self::Map(item) => format!("map of {}", item.word()),
            Self::Object(_) => "object".to_owned(),
            Self::Asset => "asset".to_owned(),
            Self::Archive => "archive".to_owned(),
        }
    }
}
