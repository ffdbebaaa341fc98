using Microsoft.Playwright;
using Proxy.Host.Tests.EndToEnd.Servers;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd.Dashboard;

/// <summary>What the dashboard shows of TLS.</summary>
[Collection(BrowserTests.Name)]
public sealed class DashboardTlsTests(Chromium chromium)
{
    private const string Shown = @"a\u001b[2J\u000aforged";

    [RealServerFact(Chromium.Program)]
    public async Task Connection_TlsOnBothSides_SaysWhatWasAgreedOn()
    {
        await using var tls = await TlsHost.StartAsync();
        await using var client = await tls.ConnectAsync(CertificateFolder.Evil);
        var id = tls.Host.Tracker.Open.Single(static record => record.RouteId == "secure").Id;
        await using var operators = await OpenAsync(tls);
        await operators.GoAsync($"#/connections/{id}");

        var within = operators.Card("TLS with the client");
        foreach (var text in new[] { "1.3", "TLS_", "New", "localhost", "imap", Shown })
        {
            await Operator.FindsAsync(within, text);
        }

        await Operator.FindsAsync(operators.Card("TLS to the destination"), "1.3");
        await FitsAsync(operators, "connection");
    }

    [RealServerFact(Chromium.Program)]
    public async Task Connection_TlsFailed_SaysWhyAndTheRouteIsFine()
    {
        await using var tls = await TlsHost.StartAsync();
        for (var i = 0; i < 4; i++)
        {
            await tls.FailAsync();
        }

        await using var operators = await OpenAsync(tls);
        operators.Expect("404"); // the page asks for an open connection before an ended one
        await operators.GoAsync("#/routes");
        await Operator.FindsAsync(operators.Page.Locator("#link"), "Live");
        await Operator.FindsAsync(operators.Row("secure").Locator("[data-label='State']"), "Ok");
        await operators.GoAsync("#/ends");
        await operators.Row("TlsFailed").First.GetByRole(AriaRole.Link).First.ClickAsync();

        await Operator.FindsAsync(operators.Page.Locator("main"), "The TLS handshake with the client failed");
        await Operator.FindsAsync(operators.Page.Locator("main"), "the client does not speak TLS");
    }

    [RealServerFact(Chromium.Program)]
    public async Task Route_TerminatesTls_ShowsCertificatesAndPolicy()
    {
        await using var tls = await TlsHost.StartAsync();
        await using var operators = await OpenAsync(tls);
        await operators.GoAsync("#/routes/secure");

        var card = operators.Card("TLS");
        await Operator.FindsAsync(card, "Asked for, and verified if there is one");
        await Operator.FindsAsync(card, tls.Files.Authority);
        await Operator.FindsAsync(operators.Row(tls.Files.Path("first")), "localhost");
        var second = operators.Row(tls.Files.Path("second"));
        await Operator.FindsAsync(second, @"a\u001b[2j\u000aforged"); // names are in lower case
        await Operator.FindsAsync(second, "in 8 d ");
        await Operator.FindsAsync(operators.Page.Locator(".notices"), "It ends soon"); // 9 days are left
        await FitsAsync(operators, "route");
    }

    [RealServerFact(Chromium.Program)]
    public async Task Cluster_Tls_SaysWhetherDestinationsAreVerified()
    {
        await using var tls = await TlsHost.StartAsync();
        await using var operators = await OpenAsync(tls);
        await operators.GoAsync("#/clusters/verified");

        var line = operators.Page.Locator(".card > .tls:visible");
        await Operator.FindsAsync(line, "TLS, verified");
        await Operator.FindsAsync(line, tls.Files.Authority);
        await operators.GoAsync("#/clusters/unsafe");
        await Operator.FindsAsync(line, "TLS, not verified");
        await Operator.FindsAsync(line, "AllowInvalid");
        await FitsAsync(operators, "cluster");
        await operators.GoAsync("#/clusters/plain");
        await Operator.ReadsAsync(operators.Page.Locator("h1"), "plain");
        await Operator.SeesNotAsync(operators.Page.Locator(".card > .tls"));
    }

    private async Task<Operator> OpenAsync(TlsHost tls)
    {
        var operators = await chromium.OpenAsync(tls.Host.Urls.Single());
        await operators.Page.AddInitScriptAsync(DashboardAccessTests.Axe());
        return operators;
    }

    private static async Task FitsAsync(Operator operators, string name)
    {
        await Screenshots.TakeAsync(operators, $"tls-{name}");
        await DashboardAccessTests.CheckAsync(operators, name);
        await operators.Page.SetViewportSizeAsync(390, 844);
        await Screenshots.TakeAsync(operators, $"tls-{name}-phone", 390, 844);
        Assert.True(
            await operators.Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"),
            $"{name} is wider than the screen of a phone."
        );
        await DashboardAccessTests.CheckAsync(operators, name);
    }
}
