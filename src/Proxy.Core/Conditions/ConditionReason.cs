namespace Proxy.Conditions;

/// <summary>Why a condition has its level: a closed set of words.</summary>
public enum ConditionReason
{
    /// <summary>Nothing is known to be wrong.</summary>
    None,

    /// <summary>Checks are off and no client has come yet, so nothing is known.</summary>
    NotChecked,

    /// <summary>An operator keeps new connections from it.</summary>
    Drained,

    /// <summary>It cannot be connected.</summary>
    ConnectFailed,

    /// <summary>Active checks fail.</summary>
    CheckFailed,

    /// <summary>Passive health has taken it out.</summary>
    TakenOut,

    /// <summary>It resets or breaks off connections, leaves requests without an answer, or answers them with server errors.</summary>
    ClientsFail,

    /// <summary>Destinations of the cluster are down.</summary>
    DestinationsDown,

    /// <summary>It accepts connections and does not answer.</summary>
    NoAnswer,

    /// <summary>Requests fail at once, since earlier ones were not answered.</summary>
    Suspended,

    /// <summary>Its connections are lost, and the next one is tried after a pause.</summary>
    ConnectionLost,

    /// <summary>Requests of clients fail.</summary>
    RequestsFail,

    /// <summary>The queue is full.</summary>
    QueueFull,

    /// <summary>An operator has paused it.</summary>
    Paused,

    /// <summary>Hooks or the dial of an activation fail.</summary>
    ActivationFailed,

    /// <summary>A member does not answer, and is not gone yet.</summary>
    Suspect,

    /// <summary>A member was lost without leaving.</summary>
    Gone,

    /// <summary>A member is about to leave.</summary>
    Draining,

    /// <summary>The registry of the members does not answer, so that they may be out of date.</summary>
    RegistryUnreachable,

    /// <summary>Local clients cannot connect.</summary>
    NotListening,

    /// <summary>The address of an edit cannot be bound.</summary>
    BindFailed,

    /// <summary>The newest edit is rejected, and the last good configuration runs on.</summary>
    Rejected,

    /// <summary>The section was edited and applies only at the next start.</summary>
    RestartNeeded,

    /// <summary>The file was replaced at the host of its bind mount, so that edits do not arrive.</summary>
    FileReplaced,

    /// <summary>It is near its end.</summary>
    ExpiresSoon,

    /// <summary>It is over.</summary>
    Expired,

    /// <summary>It cannot be read.</summary>
    Unreadable,

    /// <summary>Lines were lost lately.</summary>
    LinesLost,

    /// <summary>No client is accepted for lack of descriptors.</summary>
    AcceptingPaused,

    /// <summary>It is nearly used up.</summary>
    NearLimit,

    /// <summary>No local port was left for a dial lately.</summary>
    NoLocalPort,

    /// <summary>The cluster has no destination that may be given clients: it has none at all, or all are drained.</summary>
    NoDestination,

    /// <summary>Clients were refused in the last minute because of a limit. Without a fault: they would have been, but for a dry run.</summary>
    LimitReached,

    /// <summary>More sources of clients are connected than a route tells apart, so that further ones share the limits of one.</summary>
    SourcesFull,

    /// <summary>It is not valid yet: its time begins later, or the clock here is wrong.</summary>
    NotYetValid,

    /// <summary>The engine does not answer.</summary>
    EngineUnreachable,

    /// <summary>This host has no lease of the engine, so that its keys are gone.</summary>
    LeaseLost,

    /// <summary>The engine refuses what this host asks, as without a right or with a full disk.</summary>
    EngineRefused,

    /// <summary>It may be out of date, since the engine that holds it does not answer.</summary>
    OutOfDate,

    /// <summary>Another process is registered under the same id of an instance.</summary>
    InstanceTaken,

    /// <summary>Another host runs a newer revision of a shared document, and has for a while.</summary>
    DocumentDiffers,
}
