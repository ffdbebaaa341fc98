namespace Proxy.Etcd.Protocol;

/// <summary>An answer of etcd, with the header that all have.</summary>
internal interface IEtcdAnswer
{
    /// <summary>The cluster, its member, the revision and the term of its leader; null if the answer has none.</summary>
    ResponseHeader? Header { get; }
}

internal sealed partial class RangeResponse : IEtcdAnswer;

internal sealed partial class TxnResponse : IEtcdAnswer;

internal sealed partial class LeaseGrantResponse : IEtcdAnswer;

internal sealed partial class LeaseRevokeResponse : IEtcdAnswer;

internal sealed partial class LeaseKeepAliveResponse : IEtcdAnswer;

internal sealed partial class WatchResponse : IEtcdAnswer;
