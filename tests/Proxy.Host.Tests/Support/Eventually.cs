namespace Proxy.Host.Tests.Support;

/// <summary>Waits for facts.</summary>
internal static class Eventually
{
    /// <summary>
    /// After this a test fails; no test passes by it. Real programs are started and asked within it, on machines with much else to do: forty of them
    /// at once on two cores with a load of fifty take over twenty seconds, one under strace over sixty.
    /// </summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    public static Task TrueAsync(Func<bool> fact) => TrueAsync(() => Task.FromResult(fact()));

    public static async Task TrueAsync(Func<Task<bool>> fact)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!await fact())
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
        }
    }
}
