namespace Proxy.Core.Tests.Configuration;

/// <summary>The configurations the repository ships, for tests that spoil them.</summary>
internal static class ShippedFiles
{
    public static TheoryData<string> Names =>
        [
            "proxy.json",
            .. Directory
                .GetFiles(Repository.Path("config", "examples"), "*.json")
                .Select(static file => Path.Combine("examples", Path.GetFileName(file))),
        ];

    public static byte[] Read(string name) => File.ReadAllBytes(Repository.Path("config", name));
}
