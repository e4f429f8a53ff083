//! Tables of `core.db`.
#![expect(unreachable_pub, reason = "sea-orm's derive wants its models public")]

/// Batches that are durable and not covered by tables and files yet.
pub(super) mod log {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "log")]
    pub struct Model {
        /// Number of the batch: the node's durable count.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        /// Its records.
        pub records: Vec<u8>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Durable state of each key, as of the last applied batch.
pub(super) mod register {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "register")]
    pub struct Model {
        /// Its key.
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        /// Its state.
        pub state: Vec<u8>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Objects that have no file in the store, because no served head leads to them.
pub(super) mod unfiled {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "unfiled")]
    pub struct Model {
        /// Its hash.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Vec<u8>,
        /// Its type and content.
        pub object: Vec<u8>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Single values: incarnation, roster, reserved ballots.
pub(super) mod fact {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "fact")]
    pub struct Model {
        /// What it is.
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        /// Its value.
        pub value: Vec<u8>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What people did, each chain in order.
pub(super) mod audit {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit")]
    pub struct Model {
        /// Whose chain: node id and incarnation.
        #[sea_orm(primary_key, auto_increment = false)]
        pub origin: Vec<u8>,
        /// Place in it.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        /// The entry.
        pub entry: Vec<u8>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Messages of chats.
pub(super) mod message {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "message")]
    pub struct Model {
        /// In the order in which they became durable here.
        #[sea_orm(primary_key)]
        pub number: i64,
        /// Its document.
        pub document: String,
        /// Stamp and id, in the order of the document.
        pub place: Vec<u8>,
        /// Incarnation and number, if it was posted on a node of the cluster.
        pub origin: Option<Vec<u8>>,
        /// What it says. Last, so that nobody who reads the rest reads its pages.
        pub body: Vec<u8>,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
