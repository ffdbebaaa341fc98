using Proxy.Host.Tests.EndToEnd.Dashboard;
using Proxy.Host.Tests.EndToEnd.Engine;
using Proxy.Host.Tests.EndToEnd.Pages;
using Proxy.Host.Tests.Support;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer($"Proxy.Host.Tests.Support.{nameof(LongestFirst)}", "Proxy.Host.Tests")]

namespace Proxy.Host.Tests.Support;

/// <summary>
/// Begins with the tests that run one after the other for minutes: if they came last, the other cores would have nothing to do. All others follow in any order.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] _first =
    [
        BrowserTests.Name,
        typeof(TaskPageTests).FullName!,
        typeof(ChannelMembersTests).FullName!,
        typeof(ReadmeTests).FullName!,
    ];

    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(Place).ThenBy(static collection => collection.UniqueID);

    // The collection of a class that has none is named after the class.
    private static int Place(ITestCollection collection) =>
        Array.FindIndex(_first, name => collection.DisplayName.EndsWith(name, StringComparison.Ordinal)) is >= 0 and var place
            ? place
            : _first.Length;
}
