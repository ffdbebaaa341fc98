namespace Proxy.Etcd.Client;

/// <summary>The lease of this process, which is renewed in the background. One that ends is replaced by another one.</summary>
internal interface IProcessLease
{
    /// <summary>The present term; null before the first one, and while the engine grants none.</summary>
    LeaseTerm? Current { get; }

    /// <summary>Waits until there is a term that has not ended.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The term.</returns>
    ValueTask<LeaseTerm> WaitAsync(CancellationToken cancellationToken);
}
