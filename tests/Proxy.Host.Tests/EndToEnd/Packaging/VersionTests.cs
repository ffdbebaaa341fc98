using System.Text.Json;
using Proxy.Host.Tests.EndToEnd.Servers;

namespace Proxy.Host.Tests.EndToEnd.Packaging;

/// <summary>Which version a build has, by the repository it is built in. A warning would fail these builds as those of .ci/run.</summary>
public sealed class VersionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("version-").FullName;

    [RealServerFact("git")]
    public async Task Version_WithAndWithoutHistory_IsThatOfTheTagOrAFallback()
    {
        var sources = Path.Combine(_folder, "sources");
        CopyProject(sources);
        await RestoreAsync(sources);
        Assert.Equal("0.1.0-source", await VersionAsync(sources));
        Assert.Equal("4.5.6", await VersionAsync(sources, "-p:MinVerVersionOverride=4.5.6"));

        await GitAsync(sources, "init", "-q");
        await GitAsync(sources, "add", ".");
        await CommitAsync(sources);
        Assert.Equal("0.1.0-alpha.0", await VersionAsync(sources));

        await GitAsync(sources, "tag", "v1.2.3");
        Assert.Equal("1.2.3", await VersionAsync(sources));
        await CommitAsync(sources);
        Assert.Equal("1.2.4-alpha.0.1", await VersionAsync(sources));
    }

    [RealServerFact("git")]
    public async Task Version_ShallowClone_IsAFallbackAndTheRemoteIsThePageOfThePackage()
    {
        var (sources, clone) = (Path.Combine(_folder, "sources"), Path.Combine(_folder, "clone"));
        CopyProject(sources);
        await GitAsync(sources, "init", "-q");
        await GitAsync(sources, "add", ".");
        await CommitAsync(sources);
        await GitAsync(sources, "tag", "v1.2.3");
        await CommitAsync(sources);
        await GitAsync(_folder, "clone", "-q", "--depth", "1", $"file://{sources}", clone);
        await GitAsync(clone, "remote", "set-url", "origin", "https://github.com/example/proxy-host.git");

        await RestoreAsync(clone);
        Assert.Equal("0.1.0-alpha.0", await VersionAsync(clone));
        var url = await PackedPrograms.RunAsync(
            Project(clone),
            ["msbuild", "-t:SetPackageProjectUrl,PrepareForBuild,GenerateSourceLinkFile", "-getProperty:PackageProjectUrl", "-warnaserror"]
        );
        Assert.Equal("https://github.com/example/proxy-host", url);
        var file = Assert.Single(Directory.GetFiles(clone, "Proxy.Core.sourcelink.json", SearchOption.AllDirectories));
        using var links = JsonDocument.Parse(await File.ReadAllTextAsync(file));
        var link = Assert.Single(links.RootElement.GetProperty("documents").EnumerateObject());
        Assert.StartsWith("https://raw.githubusercontent.com/example/proxy-host/", link.Value.GetString(), StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void CopyProject(string sources)
    {
        Directory.CreateDirectory(Project(sources));
        foreach (var file in Directory.GetFiles(Repository.Path(), "Directory.*").Append(Repository.Path("global.json")))
        {
            File.Copy(file, Path.Combine(sources, Path.GetFileName(file)));
        }

        const string project = "Proxy.Core.csproj";
        File.Copy(Repository.Path("src", "Proxy.Core", project), Path.Combine(Project(sources), project));
    }

    private static string Project(string sources) => Path.Combine(sources, "src", "Proxy.Core");

    private static Task<string> RestoreAsync(string sources) => PackedPrograms.RunAsync(Project(sources), "restore", "-p:NuGetAudit=false");

    private static Task<string> VersionAsync(string sources, params string[] more) =>
        PackedPrograms.RunAsync(Project(sources), ["msbuild", "-t:MinVer", "-getProperty:Version", "-warnaserror", .. more]);

    private static Task<string> CommitAsync(string folder) =>
        GitAsync(folder, "-c", "user.name=Test", "-c", "user.email=test@example.org", "commit", "-q", "--allow-empty", "-m", "A commit");

    private static Task<string> GitAsync(string folder, params string[] arguments) =>
        Programs.RunAsync("git", "", ["-C", folder, .. arguments]);
}
