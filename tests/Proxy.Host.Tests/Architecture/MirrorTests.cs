namespace Proxy.Host.Tests.Architecture;

/// <summary>Tests stand where what they test stands: a room of tests per room of the source, and scenarios over several rooms in EndToEnd.</summary>
public sealed class MirrorTests
{
    private static readonly string[] _own = ["EndToEnd", "Architecture", "Support"];

    [Theory]
    [InlineData("Proxy.Core")]
    [InlineData("Proxy.Etcd")]
    [InlineData("Proxy.Host")]
    public void Folders_OfTests_AreFoldersOfTheSource(string project)
    {
        var rooms = Folders(Repository.Path("src", project)).ToHashSet();

        Assert.DoesNotContain(Folders(Tests(project)), folder => !_own.Contains(folder.Split('/')[0]) && !rooms.Contains(folder));
    }

    [Theory]
    [InlineData("Proxy.Core")]
    [InlineData("Proxy.Etcd")]
    [InlineData("Proxy.Host")]
    public void TestClasses_NameWhatTheyTest_InTheSameFolder(string project)
    {
        var sources = Files(Repository.Path("src", project)).Select(static file => file[..^".cs".Length]).ToHashSet();

        var strangers = Files(Tests(project))
            .Where(static file => file.EndsWith("Tests.cs", StringComparison.Ordinal) && !_own.Contains(file.Split('/')[0]))
            .Where(file => !sources.Contains(file[..^"Tests.cs".Length]));

        Assert.Empty(strangers);
    }

    private static string Tests(string project) => Repository.Path("tests", $"{project}.Tests");

    private static IEnumerable<string> Folders(string root) =>
        Files(root).Select(static file => file[..Math.Max(0, file.LastIndexOf('/'))]).Where(static folder => folder.Length > 0).Distinct();

    private static IEnumerable<string> Files(string root) =>
        Directory
            .GetFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(root, file).Replace('\\', '/'))
            .Where(static file => !file.Split('/').Any(static part => part is "bin" or "obj"));
}
