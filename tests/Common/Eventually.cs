using System.Globalization;

namespace Proxy.Testing;

/// <summary>Waits for facts; time is only the limit.</summary>
internal static class Eventually
{
    /// <summary>
    /// After this a test fails; no test passes by it. Real programs are started and asked within it, on machines with much else to do: forty of them
    /// at once on two cores with a load of fifty take over twenty seconds, one under strace over sixty. PROXY_TEST_LIMIT_SECONDS is for runs in which
    /// tests are to fail: most changes that tests/Mutation makes leave a test waiting.
    /// </summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(
        int.TryParse(Environment.GetEnvironmentVariable("PROXY_TEST_LIMIT_SECONDS"), CultureInfo.InvariantCulture, out var seconds)
            ? seconds
            : 180
    );

    // What is a fact soon is noticed soon, and what takes long is not asked for a thousand times a second.
    private static readonly TimeSpan _longest = TimeSpan.FromMilliseconds(20);

    public static Task TrueAsync(Func<bool> fact) => TrueAsync(() => Task.FromResult(fact()));

    public static async Task TrueAsync(Func<Task<bool>> fact)
    {
        using var limit = new CancellationTokenSource(Limit);
        var pause = TimeSpan.FromMilliseconds(1);
        while (!await fact())
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Delay(pause, TimeProvider.System, CancellationToken.None);
            pause = pause * 2 < _longest ? pause * 2 : _longest;
        }
    }
}
