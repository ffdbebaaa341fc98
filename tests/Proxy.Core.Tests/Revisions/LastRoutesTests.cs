using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Configuration;
using Proxy.Core.Tests.Configuration;
using Proxy.Revisions;

namespace Proxy.Core.Tests.Revisions;

public sealed class LastRoutesTests
{
    private const string Clusters = """ "Clusters": { "c": { "Destinations": { "d": { "Address": "tcp://127.0.0.1:1" } } } } """;
    private const string Tcp =
        $$"""{ "ReverseProxy": { "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c" } }, {{Clusters}} } }""";
    private const string Message = """has no route, while 1 in use would end; write "ReverseProxy": {} if all of them are to end.""";

    [Theory]
    [InlineData("{}")]
    [InlineData("""{ "ReverseProxy": null }""")]
    [InlineData("""{ "ReverseProxy": { "TcpRoutes": null } }""")]
    [InlineData("""{ "ReverseProxy": { "TcpRoutes": {} } }""")]
    [InlineData($$"""{ "ReverseProxy": { {{Clusters}} } }""")]
    public async Task Check_EditWithoutRoutes_IsRejected(string edit)
    {
        await using var host = await EditedHost.StartAsync(Tcp);
        var running = host.State.Running;

        await host.EditAsync(edit);

        var problem = Assert.Single(host.State.Rejected);
        Assert.Equal(("ReverseProxy", Message), (problem.Path, problem.Message));
        Assert.Same(running, host.State.Running);
        Assert.Single(host.State.Bound);
    }

    [Fact]
    public async Task Check_EditThatSaysSo_IsApplied()
    {
        await using var host = await EditedHost.StartAsync(Tcp);

        await host.EditAsync("""{ "ReverseProxy": {} }""");

        Assert.Empty(host.State.Rejected);
        Assert.Empty(host.State.Bound);
    }

    [Fact]
    public async Task Check_OtherKindOfRouteRemains_IsApplied()
    {
        await using var host = await EditedHost.StartAsync(Tcp);

        await host.EditAsync(
            """
            { "ReverseProxy": { "Routes": { "h": { "ClusterId": "c", "Match": { "Path": "/" } } },
              "Clusters": { "c": { "Destinations": { "d": { "Address": "http://127.0.0.1:1" } } } } } }
            """
        );

        Assert.Empty(host.State.Rejected);
        Assert.Empty(host.State.Bound);
    }

    [Fact]
    public async Task Check_DocumentForReview_HasTheSameError()
    {
        await using var host = await EditedHost.StartAsync(Tcp);

        var review = host.Service<ConfigInspector>().Review("{}"u8, "new.json");

        Assert.Equal(Message, Assert.Single(review.Errors).Message);
    }

    [Theory]
    [InlineData("{}", false)]
    [InlineData("""{ "ReverseProxy": { "TcpRoutes": null } }""", false)]
    [InlineData("""{ "ReverseProxy": { "TcpRoutes": {} } }""", false)]
    [InlineData("""{ "ReverseProxy": {} }""", true)]
    [InlineData(Tcp, true)]
    public void Check_StartWithoutRoutes_WarnsUnlessIntended(string json, bool isQuiet)
    {
        using var document = new ConfigDocument();

        var warnings = document.Read(json).Warnings;

        Assert.Equal(isQuiet, !warnings.Any(static warning => warning.Message.Contains("nothing is served", StringComparison.Ordinal)));
    }

    // An application's own JSON file, read by .NET's reader, and one section of it.
    [Theory]
    [InlineData("""{ "Other": { "a": 1 } }""", 1)]
    [InlineData("""{ "Proxy": { "TcpRoutes": null } }""", 1)]
    [InlineData("""{ "Proxy": {} }""", 0)]
    public async Task Check_SectionOfAnApplication_IsJudgedAlike(string edit, int errors)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, Tcp.Replace("ReverseProxy", "Proxy", StringComparison.Ordinal));
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            var root = new ConfigurationBuilder().AddJsonFile(file).Build();
            builder.Services.AddTcpProxy().LoadFromConfig(root.GetSection("Proxy"));
            await using var services = builder.Services.BuildServiceProvider();
            var reader = services.GetRequiredService<RevisionReader>();
            var input = new ConfigInput(root.GetSection("Proxy"), WholeDocument: false);
            var running = reader.Read(input.Configuration, wholeDocument: false).Revision;
            await File.WriteAllTextAsync(file, edit);
            root.Reload();

            var next = reader.Read(input.Configuration, wholeDocument: false).Revision;

            Assert.NotNull(next);
            Assert.Equal(errors, LastRoutes.Check(running, next, input).Count);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
