namespace Proxy.Host.Tests.Support;

/// <summary>Waits for facts.</summary>
internal static class Eventually
{
    /// <summary>After this a test fails; no test passes by it.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

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
