namespace Proxy.Etcd.Client;

/// <summary>The names of all keys of a group, which operators can also read with <c>etcdctl</c>.</summary>
/// <param name="prefix">What all keys of the program begin with, such as /proxy; without a slash at its end.</param>
/// <param name="group">The group, whose hosts share all these keys.</param>
internal sealed class EngineKeys(string prefix, string group)
{
    private string Root => $"{prefix}/{group}/";

    /// <summary>The records of all members.</summary>
    public string Members => $"{Root}m/";

    /// <summary>The record of a member: under the lease of its process.</summary>
    public string Member(string instance) => $"{Members}{instance}";

    /// <summary>The local addresses that were claimed by instances whose ids have no number.</summary>
    public string Addresses => $"{Root}ip/";

    /// <summary>A claimed address: without a lease, created only if absent.</summary>
    public string Address(int ordinal) => FormattableString.Invariant($"{Addresses}{ordinal}");

    /// <summary>The waiters and holders of a route's lock.</summary>
    public string Lock(string route) => $"{Root}lock/{route}/";

    /// <summary>The documents of configuration.</summary>
    public string Documents => $"{Root}config/";

    /// <summary>A document of configuration.</summary>
    public string Document(string name) => $"{Documents}{name}";

    /// <summary>The earlier versions of a document, by the revision that wrote each.</summary>
    public string History(string name) => $"{Root}history/{name}/";

    /// <summary>The hosts that run, each under its lease.</summary>
    public string Hosts => $"{Root}host/";

    /// <summary>A host that runs.</summary>
    public string Host(string instance) => $"{Hosts}{instance}";

    /// <summary>What is drained on all hosts.</summary>
    public string Drains => $"{Root}drain/";
}
