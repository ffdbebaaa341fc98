using FsCheck;
using FsCheck.Fluent;

namespace Proxy.Core.Tests;

/// <summary>Properties that wait.</summary>
internal static class Properties
{
    /// <summary>
    /// Checks a property whose body waits. FsCheck blocks a thread until a body has ended: that is one of the thread pool, whose continuations do not
    /// wait for the few threads of the test runner.
    /// </summary>
    public static Task CheckAsync<T>(Config config, Arbitrary<T> values, Func<T, Task> body) =>
        Task.Run(() => Check.One(config, Prop.ForAll(values, body)));
}
