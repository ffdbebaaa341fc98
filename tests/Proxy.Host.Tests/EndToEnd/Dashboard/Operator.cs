using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Proxy.Host.Tests.EndToEnd.Dashboard;

/// <summary>An operator's browser window with the dashboard. Any error that the browser reports fails the test.</summary>
internal sealed class Operator : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly Uri _host;
    private readonly ConcurrentQueue<string> _complaints = new();
    private readonly List<string> _expected = [];

    private Operator(IBrowserContext context, IPage page, Uri host)
    {
        _context = context;
        _host = host;
        Page = page;
    }

    /// <summary>Milliseconds after which a test fails; no test needs this time to pass.</summary>
    public static float Limit => (float)Eventually.Limit.TotalMilliseconds;

    public IPage Page { get; }

    public static async Task<Operator> StartAsync(IBrowserContext context, Uri host)
    {
        var page = await context.NewPageAsync();
        page.SetDefaultTimeout(Limit);
        var found = new Operator(context, page, host);
        page.Console += (_, message) => found.Hear(message);
        page.PageError += (_, error) => found._complaints.Enqueue($"error: {error}");
        page.RequestFailed += (_, request) => found.Hear(request);
        page.Request += (_, request) => found.Check(request);
        return found;
    }

    /// <summary>Opens the URL of a view.</summary>
    public async Task GoAsync(string hash)
    {
        await Page.GotoAsync(new Uri(_host, $"/{hash}").ToString());
        await Assertions.Expect(Page.Locator("h1")).ToBeVisibleAsync(new() { Timeout = Limit });
    }

    /// <summary>Ignores browser errors that contain a text, because the test provokes them.</summary>
    public void Expect(string complaint) => _expected.Add(complaint);

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public ILocator Heading(string name) => Page.GetByRole(AriaRole.Heading, new() { Name = name, Exact = true });

    public ILocator Row(string text) => Page.Locator("main tbody tr").Filter(new() { HasText = text });

    public ILocator Card(string heading) => Page.Locator("section.card").Filter(new() { Has = Heading(heading) });

    public ILocator Tile(string name) => Page.Locator(".tiles > div").Filter(new() { HasText = name }).First.Locator(".big");

    /// <summary>Clicks a button of the open dialog.</summary>
    public Task AnswerAsync(string button) => Page.Locator("dialog[open]").GetByRole(AriaRole.Button, new() { Name = button }).ClickAsync();

    public static Task SeesAsync(ILocator what) => Assertions.Expect(what).ToBeVisibleAsync(new() { Timeout = Limit });

    public static Task SeesNotAsync(ILocator what) => Assertions.Expect(what).ToBeHiddenAsync(new() { Timeout = Limit });

    public static Task ReadsAsync(ILocator where, string text) => Assertions.Expect(where).ToHaveTextAsync(text, new() { Timeout = Limit });

    public static Task FindsAsync(ILocator where, string text) =>
        Assertions.Expect(where).ToContainTextAsync(text, new() { Timeout = Limit });

    public static Task CountsAsync(ILocator what, int count) => Assertions.Expect(what).ToHaveCountAsync(count, new() { Timeout = Limit });

    public async ValueTask DisposeAsync()
    {
        await _context.CloseAsync();
        Assert.Empty(_complaints);
    }

    private void Hear(IConsoleMessage message)
    {
        if (message.Type is "error" or "warning")
        {
            Complain($"{message.Type}: {message.Text}");
        }
    }

    // ERR_ABORTED is a request that the page itself cancelled when it left a view or reopened the stream.
    private void Hear(IRequest request)
    {
        if (request.Failure != "net::ERR_ABORTED")
        {
            Complain($"failed: {request.Url} {request.Failure}");
        }
    }

    private void Check(IRequest request)
    {
        var url = new Uri(request.Url);
        if (url.Authority != _host.Authority)
        {
            Complain($"outside: {request.Url}");
        }
    }

    private void Complain(string complaint)
    {
        if (!_expected.Exists(text => complaint.Contains(text, StringComparison.Ordinal)))
        {
            _complaints.Enqueue(complaint);
        }
    }
}
