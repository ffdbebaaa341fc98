using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Proxy.Host.Cli;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Cli;

/// <summary>The standard options of ASP.NET Core programs, which <c>WebApplicationFactory</c> passes to this program.</summary>
public sealed class ApplicationOptionsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("options-").FullName;

    [Fact]
    public void Read_AllOptions_ReturnsTheirValues()
    {
        var command = new Command("run");
        var options = new ApplicationOptions();
        options.AddTo(command);

        var read = options.Read(command.Parse(["--contentRoot", _folder, "--environment=Staging", "--applicationName=edge"]));

        Assert.Equal((_folder, "Staging", "edge"), (read.ContentRootPath, read.EnvironmentName, read.ApplicationName));
    }

    [Fact]
    public void Read_NoOptions_ReturnsDefaults()
    {
        var command = new Command("run");
        var options = new ApplicationOptions();
        options.AddTo(command);

        var read = options.Read(command.Parse([]));

        Assert.Equal((null, "Production", "proxy"), (read.ContentRootPath, read.EnvironmentName, read.ApplicationName));
    }

    [Fact]
    public async Task AddTo_RootCommand_OptionsOfTheFactoryReachTheHost()
    {
        await using var host = await TestHost.StartAsync("{}");

        var environment = host.Services.GetRequiredService<IHostEnvironment>();

        Assert.Equal(Repository.Path("src", "Proxy.Host"), Path.TrimEndingDirectorySeparator(environment.ContentRootPath));
        Assert.Equal(("Production", "proxy"), (environment.EnvironmentName, environment.ApplicationName));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("run", "--help")]
    public async Task AddTo_Command_HelpDescribesEachOption(params string[] arguments)
    {
        var (exit, output, _) = await ProxyProcess.RunAsync(arguments);

        Assert.Equal(0, exit);
        Assert.All(
            [
                "--contentRoot",
                "to which relative paths of",
                "--environment",
                "[default: Production]",
                "--applicationName",
                "[default: proxy]",
            ],
            words => Assert.Contains(words, output, StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData()]
    [InlineData("run")]
    public async Task ContentRoot_RelativeConfigurationPath_IsRelativeToIt(params string[] command)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "site.json"), Json.Routes(Json.Route("r"), 1));

        using var process = new ProxyProcess("", [.. command, "--contentRoot", _folder, "--config", "site.json"]);

        Assert.True(await process.PortAsync() > 0);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
