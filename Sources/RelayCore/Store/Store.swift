/// The data store, in the words of the design and not in SQL: what the workers share.
///
/// The front half's functions block the calling thread until the commit is on disk; they are for request threads, never
/// for the cooperative pool. The back half's are async. Every function that changes something is one transaction and is
/// durable when it returns. Requests that are made at the same moment may share a commit.
package protocol Store:
    InstallationStore, AccountStore, IntakeStore, OutboxStore, OutboxAdministration, MessageBrowsing,
    ReconciliationStore, ProfileStore, RetentionStore, WorkerStore, MetricsStore
{}
