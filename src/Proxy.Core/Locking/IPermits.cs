namespace Proxy.Locking;

/// <summary>The permits of one route. Neither call waits.</summary>
internal interface IPermits : IDisposable
{
    /// <summary>Takes a permit for the client that has waited longest.</summary>
    /// <param name="maximum">The number of permits as configured now; at least 1.</param>
    /// <returns>False if all are taken.</returns>
    bool TryTake(int maximum);

    /// <summary>Returns a permit.</summary>
    void Return();
}
