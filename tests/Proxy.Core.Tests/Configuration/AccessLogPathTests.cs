using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Configuration;
using Proxy.Configuration.Reading;

namespace Proxy.Core.Tests.Configuration;

public sealed class AccessLogPathTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("proxy-log-").FullName;
    private readonly ServiceProvider _services;

    public AccessLogPathTests()
    {
        var services = new ServiceCollection().AddLogging();
        services.AddTcpProxy();
        _services = services.BuildServiceProvider();
    }

    [Theory]
    [InlineData("proxy.json", "")]
    [InlineData("./sub/../proxy.json", "")]
    [InlineData("link.json", "")]
    [InlineData("linked/proxy.json", "")] // the folder is a link
    [InlineData("linked/linked/./proxy.json", "")]
    [InlineData("relative/proxy.json", "")]
    [InlineData("linked/link.json", "")]
    [InlineData(
        "key.pem",
        """, "Kestrel": { "Certificates": { "Default": { "Path": "FOLDER/cert.pem", "KeyPath": "FOLDER/key.pem" } } }"""
    )]
    [InlineData(
        "cert.pem",
        """, "Kestrel": { "Endpoints": { "h": { "Url": "https://*:1", "Certificate": { "Path": "FOLDER/cert.pem" } } } }"""
    )]
    [InlineData(
        "cert.pem",
        """, "Kestrel": { "Endpoints": { "h": { "Url": "https://*:1", "Sni": { "*": { "Certificate": { "Path": "FOLDER/cert.pem" } } } } } }"""
    )]
    [InlineData("none.pem", """, "Kestrel": { "Certificates": { "Default": { "Path": "FOLDER/./none.pem" } } }""")]
    [InlineData("state.json", """, "Channels": { "Loopback": { "StateFile": "FOLDER/state.json" } }""")]
    [InlineData("state.members", """, "Channels": { "Loopback": { "StateFile": "FOLDER/state.json" } }""")]
    [InlineData("bundle.pem", """, "Channels": { "Tunnel": { "TrustBundle": "FOLDER/bundle.pem" } }""")]
    public void Check_FileThatTheProgramReads_IsAnError(string log, string more)
    {
        var error = Assert.Single(Read(log, more).Errors, static error => error.Path == "Log:Access:Path");

        Assert.Matches("^'.*' would write into a file of .*; use another path\\.$", error.Message);
    }

    [Fact]
    public void Check_RotatedFileIsTheConfiguration_IsAnError()
    {
        Assert.Contains(Read("log", "", "log.2", """, "MaxBytes": 65536""").Errors, static error => error.Path == "Log:Access:Path");
        Assert.Empty(Read("log", "", "log.2").Errors);
    }

    [Theory]
    [InlineData("access.log")]
    [InlineData("linked/access.log")]
    [InlineData("ring/proxy.json")]
    public void Check_OtherFile_IsFine(string log) => Assert.Empty(Read(log, "").Errors);

    public void Dispose()
    {
        _services.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private void Link(string name, string target)
    {
        var link = Path.Combine(_folder, name);
        File.Delete(link);
        File.CreateSymbolicLink(link, target);
    }

    private ReadResult Read(string log, string more, string name = "proxy.json", string access = "")
    {
        var file = Path.Combine(_folder, name);
        var path = JsonSerializer.Serialize(Path.Combine(_folder, log));
        File.WriteAllText(
            file,
            $$"""{ "Log": { "Access": { "Path": {{path}}{{access}} } }{{more}} }""".Replace("FOLDER", _folder, StringComparison.Ordinal)
        );
        File.Delete(Path.Combine(_folder, "link.json"));
        File.CreateSymbolicLink(Path.Combine(_folder, "link.json"), file);
        Link("linked", _folder);
        Link("relative", Path.Combine("..", Path.GetFileName(_folder), ".", "linked"));
        Link("ring", "ring");
        using var root = (ConfigurationRoot)new ConfigurationBuilder().Add(new JsonFileSource(file) { Watch = false }).Build();
        return _services.GetRequiredService<RevisionReader>().Read(root, wholeDocument: true);
    }
}
