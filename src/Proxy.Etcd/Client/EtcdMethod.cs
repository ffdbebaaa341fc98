namespace Proxy.Etcd.Client;

/// <summary>What is asked of the engine.</summary>
internal enum EtcdMethod
{
    /// <summary>Reading keys.</summary>
    Read,

    /// <summary>Changing keys.</summary>
    Write,

    /// <summary>Granting, renewing or revoking the lease.</summary>
    Lease,

    /// <summary>Following changes.</summary>
    Watch,
}
