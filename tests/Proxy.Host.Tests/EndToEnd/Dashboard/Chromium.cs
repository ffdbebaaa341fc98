using Microsoft.Playwright;

namespace Proxy.Host.Tests.EndToEnd.Dashboard;

/// <summary>Debian's Chromium, driven by Playwright; one instance for all tests of the dashboard.</summary>
public sealed class Chromium : IAsyncLifetime
{
    public const string Program = "chromium";

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async Task InitializeAsync()
    {
        if (Programs.Find(Program) is not { } path)
        {
            return; // the tests are skipped
        }

        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(
            new()
            {
                ExecutablePath = path,
                Args = ["--no-sandbox", "--disable-dev-shm-usage"], // neither the sandbox nor a large /dev/shm is available to root in a container
                Timeout = Operator.Limit,
            }
        );
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    /// <summary>Opens a new browser window on the dashboard of a host.</summary>
    internal async Task<Operator> OpenAsync(Uri host, BrowserNewContextOptions? options = null)
    {
        var context = await _browser!.NewContextAsync(options ?? new());
        return await Operator.StartAsync(context, host);
    }
}
