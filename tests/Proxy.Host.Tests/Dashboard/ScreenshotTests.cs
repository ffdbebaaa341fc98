using Microsoft.Playwright;
using Proxy.Host.Tests.Servers;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Dashboard;

/// <summary>Walks through all views of a busy host; with PROXY_SCREENSHOTS=docs/images it makes the pictures of the documentation.</summary>
[Collection(BrowserTests.Name)]
public sealed class ScreenshotTests(Chromium chromium)
{
    [RealServerFact(Chromium.Program)]
    public async Task Views_OfABusyHost_AreShown()
    {
        await using var host = await DashboardHost.StartAsync();
        await using var traffic = new Traffic(host);
        await using var light = await chromium.OpenAsync(host.Url);
        await using var dark = await chromium.OpenAsync(host.Url, new() { ColorScheme = ColorScheme.Dark });
        await light.GoAsync("");
        await dark.GoAsync("");
        await SecondsAsync(light, Screenshots.Wanted ? 100 : 5);
        await SecondsAsync(dark, Screenshots.Wanted ? 100 : 5);
        await Screenshots.TakeAsync(light, "overview");
        await Screenshots.TakeAsync(dark, "overview-dark");
        await Screenshots.TakeAsync(light, "phone", 390, 844);

        foreach (var (name, hash, seen) in Walk())
        {
            await light.Page.SetViewportSizeAsync(1360, 900);
            await light.Page.EvaluateAsync("hash => { location.hash = hash }", hash);
            await Operator.FindsAsync(light.Page.Locator("main"), seen);
            await Screenshots.TakeAsync(light, name);
        }

        await host.Host.WriteAsync(
            host.Configuration().Replace("\"office\": { \"Listen\"", "\"office\": { \"Lisen\"", StringComparison.Ordinal)
        );
        await light.Page.EvaluateAsync("location.hash = '#/configuration'");
        await Operator.FindsAsync(light.Page.Locator(".lines li.wrong").First, "did you mean 'Listen'?");
        await Screenshots.TakeAsync(light, "configuration");
    }

    private static IEnumerable<(string Name, string Hash, string Seen)> Walk() =>
        [
            ("routes", "#/routes", "Multiplex"),
            ("forward", "#/routes/plain", "Destinations"),
            ("lock", "#/routes/office", "Serving"),
            ("multiplex", "#/routes/device", "Connected"),
            ("clusters", "#/clusters", "FirstAlphabetical"),
            ("connections", "#/connections", "open connections"),
            ("about", "#/about", "Event loops"),
        ];

    // A chart of one point says little: so many snapshots have to have come.
    private static Task SecondsAsync(Operator operators, int count) =>
        operators.Page.WaitForFunctionAsync(
            "async (count) => (await import('./dashboard/store.js')).store.samples.length >= count",
            count,
            new() { PollingInterval = 500, Timeout = 4 * Operator.Limit }
        );

    /// <summary>Clients of all routes, who come, talk and go.</summary>
    private sealed class Traffic : IAsyncDisposable
    {
        private readonly CancellationTokenSource _ending = new();
        private readonly Random _random = new(7);
        private readonly DashboardHost _host;
        private readonly Task _running;

        public Traffic(DashboardHost host)
        {
            _host = host;
            _running = Task.WhenAll(
                Enumerable
                    .Repeat("plain", 14)
                    .Concat(Enumerable.Repeat("office", 5))
                    .Concat(Enumerable.Repeat("device", 4))
                    .Select(RunAsync)
            );
            host.Answers.Release(1_000_000);
        }

        public async ValueTask DisposeAsync()
        {
            await _ending.CancelAsync();
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _ending.Dispose();
        }

        private async Task RunAsync(string route)
        {
            while (!_ending.IsCancellationRequested)
            {
                using var client = await TcpClientSocket.ConnectAsync(_host.Address(route));
                for (var i = _random.Next(4, 40); i > 0; i--)
                {
                    await client.SendAsync(new string('x', _random.Next(1, 1000)) + "\n");
                    await client.ReadAsync();
                    await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(20, 120)), TimeProvider.System, _ending.Token);
                }
            }
        }
    }
}
