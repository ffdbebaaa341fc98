using System.Diagnostics;
using System.IO.Compression;
using System.Xml.Linq;
using Proxy.Host.Tests.EndToEnd.Pages;
using Proxy.Host.Tests.EndToEnd.Servers;

namespace Proxy.Host.Tests.EndToEnd.Packaging;

/// <summary>The packages: what is in them, and that each can be used by a machine that has nothing else of this repository.</summary>
public sealed class PackageTests(PackedPrograms packed) : IClassFixture<PackedPrograms>
{
    [Theory]
    [InlineData("Proxy.Core.*.nupkg", "Proxy.Core")]
    [InlineData("proxy.*.nupkg", "Proxy.Host")]
    public void Package_Either_DescribesItself(string pattern, string project)
    {
        using var package = ZipFile.OpenRead(packed.Find(pattern));
        var description = Metadata(package);

        Assert.Equal(packed.Version, Text(description, "version"));
        Assert.Equal("MIT", Text(description, "license"));
        Assert.NotEmpty(Text(description, "description"));
        Assert.Contains("modbus", Text(description, "tags").Split(' '));
        Assert.Equal(File.ReadAllText(Repository.Path("src", project, "README.md")), Content(package, Text(description, "readme")));
        Assert.NotNull(package.GetEntry(Text(description, "icon")));
    }

    [Fact]
    public void Package_Library_HasItsDocumentationAndASymbolPackage()
    {
        using var package = ZipFile.OpenRead(packed.Find("Proxy.Core.*.nupkg"));
        using var symbols = ZipFile.OpenRead(packed.Find("Proxy.Core.*.snupkg"));

        Assert.NotNull(package.GetEntry("lib/net10.0/Proxy.Core.dll"));
        Assert.NotNull(package.GetEntry("lib/net10.0/Proxy.Core.xml"));
        Assert.NotNull(symbols.GetEntry("lib/net10.0/Proxy.Core.pdb"));
    }

    [Fact]
    public void Package_Tool_HasSchemaAndEveryExampleAndNothingForOtherServers()
    {
        using var package = ZipFile.OpenRead(packed.Find("proxy.*.nupkg"));
        const string program = "tools/net10.0/any/";
        var files = package.Entries.Select(static entry => entry.FullName).ToList();

        var shipped = Directory
            .GetFiles(Repository.Path("config", "examples"), "*.json", SearchOption.AllDirectories)
            .Append(Repository.Path("config", "proxy.schema.json"))
            .Select(static file => $"{program}config/{Path.GetRelativePath(Repository.Path("config"), file).Replace('\\', '/')}");
        Assert.Empty(shipped.Except(files));
        Assert.DoesNotContain(files, static file => file.EndsWith("web.config", StringComparison.Ordinal));
    }

    [NetworkNamespaceFact("curl", "unshare")]
    public async Task Tool_InstalledFromAFolder_RunsItsDemo()
    {
        var tools = packed.NewFolder("tools");
        await PackedPrograms.RunAsync(
            tools,
            ["tool", "install", "proxy", "--tool-path", tools, "--source", packed.Source, "--version", packed.Version]
        );
        await using var sandbox = await Sandbox.StartAsync();

        await sandbox.RequireAsync($"{tools}/proxy demo --file demo.json > log 2>&1 &");

        await Eventually.TrueAsync(async () =>
            (await sandbox.RunAsync("curl -sf http://127.0.0.1:8080/")).Output.StartsWith(
                "Hello from the demo site",
                StringComparison.Ordinal
            )
        );
        Assert.StartsWith($"{packed.Version}+", await sandbox.RequireAsync($"{tools}/proxy --version"), StringComparison.Ordinal);
        Assert.Equal("", await sandbox.RequireAsync($"{tools}/proxy check --strict demo.json"));
    }

    [Fact]
    public async Task Library_InAnApplicationOfSomeoneElse_ServesItsRoute()
    {
        var folder = packed.NewFolder("application");
        foreach (var file in new[] { "Program.cs", "appsettings.json" })
        {
            File.Copy(Repository.Path("docs", "samples", "Embedding", file), Path.Combine(folder, file));
        }

        await File.WriteAllTextAsync(
            Path.Combine(folder, "Application.csproj"),
            $"""
            <Project Sdk="Microsoft.NET.Sdk.Web">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup><PackageReference Include="Proxy.Core" Version="{packed.Version}" /></ItemGroup>
            </Project>
            """
        );
        // The package goes to a folder of its own: one of an earlier run may have the same version. What it depends on was restored for this build.
        string[] packages = [$"-p:RestorePackagesPath={packed.NewFolder("restored")}", $"-p:RestoreFallbackFolders={GlobalPackages}"];
        await PackedPrograms.RunAsync(folder, ["build", $"-p:RestoreSources={packed.Source}", .. packages, "-v", "q"]);
        var port = Ports.Free();
        using var redis = new TcpServer("redis");
        string[] arguments =
        [
            $"{folder}/bin/Debug/net10.0/Application.dll",
            $"--Redis=127.0.0.1:{port}",
            "--Web=127.0.0.1:0",
            $"--ReverseProxy:Clusters:redis:Destinations:a:Address=tcp://127.0.0.1:{redis.Port}",
            "--hostBuilder:reloadConfigOnChange=false",
            "--Logging:LogLevel:Default=Error",
        ];

        using var application = Process.Start(new ProcessStartInfo(Programs.Dotnet, arguments) { WorkingDirectory = folder })!;
        try
        {
            await Eventually.TrueAsync(async () => application.HasExited || await Programs.AcceptsAsync(port));
            using var client = await TcpClientSocket.ConnectAsync(port);
            Assert.Equal("redis", await client.ReadAsync());
        }
        finally
        {
            application.Kill();
            await application.WaitForExitAsync();
        }
    }

    private static string GlobalPackages =>
        Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private static XElement Metadata(ZipArchive package)
    {
        using var stream = package.Entries.Single(static entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        return XDocument.Load(stream).Root!.Elements().Single();
    }

    private static string Text(XElement metadata, string name) =>
        metadata.Elements().Single(element => element.Name.LocalName == name).Value;

    private static string Content(ZipArchive package, string name)
    {
        using var reader = new StreamReader(package.GetEntry(name)!.Open());
        return reader.ReadToEnd();
    }
}
