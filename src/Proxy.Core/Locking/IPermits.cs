namespace Proxy.Locking;

/// <summary>The permits of one route. Neither call waits.</summary>
internal interface IPermits : IDisposable
{
    /// <summary>Takes a permit for the client that has waited longest.</summary>
    /// <param name="maximum">How many there are, as configured now; at least 1.</param>
    /// <returns>False when all are taken.</returns>
    bool TryTake(int maximum);

    /// <summary>Gives one back.</summary>
    void Return();
}
